#!/bin/bash
# The yardstick: an account as `account.yml` makes it, by a plain script with the tools at hand. It knows nothing of
# check mode, other states, half-made accounts or names that are taken; it writes as safely (flush, rename) as we do.
#
#   yardstick.sh make|prove|make_and_prove|unmake NUMBER
set -euo pipefail
do=$1 number=$2 name=a$2 uid=$((1900000000 + $2))
domain=n$number.example technical=$name.hosting.test
hash='$6$ankunft$hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh'
home=/srv/accounts/$name users=/var/lib/extrausers

rewrite() {  # table, mode, group, line to add (empty: take the account's away)
  { grep -v "^$name:" "$users/$1" || true; [ -z "$4" ] || printf '%s\n' "$4"; } > "$users/.$1.sh"
  chmod "$2" "$users/.$1.sh"; chgrp "$3" "$users/.$1.sh"; sync "$users/.$1.sh"; mv "$users/.$1.sh" "$users/$1"; sync "$users"
}

make() {
  exec 9> /var/lib/ankunft/users.lock; flock 9
  rewrite shadow 640 shadow "$name:$hash:::::::"
  rewrite group 644 root "$name:x:$uid:"
  rewrite passwd 644 root "$name:x:$uid:$uid::$home:/usr/sbin/nologin"
  exec 9>&-
  mkdir -m 750 "$home"; chown "0:$uid" "$home"; setfacl -m u:www-data:--x "$home"
  mkdir "$home/public"; chown "$uid:www-data" "$home/public"; chmod 2750 "$home/public"
  password=$(head -c 24 /dev/urandom | base64 | tr -dc a-zA-Z0-9)
  (umask 377; printf '[client]\nhost=localhost\nuser=%s\npassword=%s\ndatabase=%s\n' "$name" "$password" "$name" > "$home/.my.cnf")
  chown "0:$uid" "$home/.my.cnf"; chmod 440 "$home/.my.cnf"; sync "$home/.my.cnf"
  printf 'pm.max_children = 4\nphp_admin_value[memory_limit] = 128M\n' > "/etc/php-account/conf.d/$name.conf"
  sed -e "s/\$domain/$domain/g" -e "s/\$account/$name/g" /opt/ankunft/templates/srv/accounts/public/index.html > "$home/public/index.html"
  chown "$uid:$uid" "$home/public/index.html"
  mkdir -m 700 "/srv/mail/$name"; chown "$uid:$uid" "/srv/mail/$name"
  mariadb --batch <<SQL
CREATE DATABASE $name CHARACTER SET utf8mb4;
CREATE USER $name@localhost IDENTIFIED BY '$password' WITH MAX_USER_CONNECTIONS 9;
GRANT ALL PRIVILEGES ON $name.* TO $name@localhost;
USE ankunft_mail;
BEGIN;
INSERT INTO domain (name, account) VALUES ('$domain', '$name'), ('$technical', '$name');
INSERT INTO mailbox (address, uid, home, enabled, account) VALUES
 ('postmaster@$domain', $uid, '/srv/mail/$name/postmaster', 1, '$name'),
 ('postmaster@$technical', $uid, '/srv/mail/$name/postmaster', 1, '$name');
INSERT INTO credential (address, password) VALUES
 ('postmaster@$domain', '{SHA512-CRYPT}$hash'), ('postmaster@$technical', '{SHA512-CRYPT}$hash');
COMMIT;
SQL
  for served in "$domain" "www.$domain" "$technical"; do
    ln -s .default.pem "/srv/tls/$served.pem"
    ln -s "../accounts/$name" "/srv/vhosts/$served"
  done
}

prove() {
  for served in "$domain" "www.$domain" "$technical"; do
    [ "$(curl -sf -H "Host: $served" http://127.0.0.1/.well-known/ankunft-account)" = "$name" ]
  done
  curl -s -o /dev/null -H "Host: $domain" http://127.0.0.1/.ankunft-verify.php
  mariadb --defaults-file="$home/.my.cnf" --batch -e 'SELECT 1' > /dev/null
  for address in "postmaster@$domain" "postmaster@$technical"; do
    doveadm user "$address" > /dev/null
  done
  exec 8<> /dev/tcp/127.0.0.1/25
  read -r _ <&8
  printf 'EHLO localhost\r\n' >&8
  while read -r line <&8; [ "${line:3:1}" = - ]; do :; done
  for address in "postmaster@$domain" "postmaster@$technical"; do
    printf 'MAIL FROM:<%s@verify.invalid>\r\n' "$RANDOM$RANDOM" >&8; read -r line <&8
    printf 'RCPT TO:<%s>\r\n' "$address" >&8; read -r line <&8; [ "${line:0:3}" = 250 ]
    printf 'RSET\r\n' >&8; read -r line <&8
  done
  printf 'QUIT\r\n' >&8; exec 8>&-
}

make_and_prove() { make; prove; }

unmake() {
  rm -f "/srv/vhosts/$domain" "/srv/vhosts/www.$domain" "/srv/vhosts/$technical"
  rm -f "/srv/tls/$domain.pem" "/srv/tls/www.$domain.pem" "/srv/tls/$technical.pem"
  systemctl stop "php-account@$name.service"
  mariadb --batch <<SQL
USE ankunft_mail;
DELETE credential FROM credential JOIN mailbox USING (address) WHERE account = '$name';
DELETE FROM ankunft_mail.mailbox WHERE account = '$name';
DELETE FROM ankunft_mail.domain WHERE account = '$name';
DROP USER IF EXISTS $name@localhost;
DROP DATABASE IF EXISTS $name;
SQL
  rm -rf "/run/php/$name.sock" "/etc/php-account/conf.d/$name.conf" "/var/lib/php-account/$name" "$home" "/srv/mail/$name"
  exec 9> /var/lib/ankunft/users.lock; flock 9
  rewrite passwd 644 root ''; rewrite group 644 root ''; rewrite shadow 640 shadow ''
}

"$do"
