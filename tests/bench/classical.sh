#!/bin/bash
# The classical way, for comparison: a vhost file, an FPM pool, a system user, a map for Postfix, and reloads. It has an
# nginx and an FPM of its own on port 8081, so that the server under test stays as it is.
#
#   classical.sh set-up | make NUMBER | clean-up
set -euo pipefail
base=/root/classical
fpm=$(ls /usr/sbin/php-fpm[0-9]* | sort | tail -1)

set_up() {
  clean_up > /dev/null 2>&1
  mkdir -p $base/{vhosts,pools,sites,map,run}
  cat > $base/nginx.conf <<CONF
user www-data;
pid $base/run/nginx.pid;
events {}
http { access_log off; error_log $base/run/error.log; server_names_hash_bucket_size 128;
  server { listen 8081 default_server; return 404; }
  include $base/vhosts/*.conf; }
CONF
  cat > $base/fpm.conf <<CONF
[global]
pid = $base/run/fpm.pid
error_log = $base/run/fpm.log
include = $base/pools/*.conf
CONF
  printf '[none]\nuser = www-data\nlisten = %s/run/none.sock\npm = ondemand\npm.max_children = 1\n' $base > $base/pools/none.conf
  : > $base/map/mailboxes
  chmod 711 /root $base $base/run
  nginx -c $base/nginx.conf > /dev/null 2>&1
  "$fpm" -y $base/fpm.conf > /dev/null 2>&1
}

make() {
  name=b$1 domain=c$1.example
  useradd --home-dir "/srv/classical-$name" --create-home --shell /usr/sbin/nologin "$name"
  mkdir "/srv/classical-$name/public"
  echo '<?php echo posix_getpwuid(posix_geteuid())["name"];' > "/srv/classical-$name/public/index.php"
  chmod 755 "/srv/classical-$name"; chown -R "$name:$name" "/srv/classical-$name"
  cat > "$base/pools/$name.conf" <<CONF
[$name]
user = $name
listen = $base/run/$name.sock
listen.owner = www-data
pm = ondemand
pm.max_children = 4
CONF
  cat > "$base/vhosts/$name.conf" <<CONF
server { listen 8081; server_name $domain www.$domain; root /srv/classical-$name/public; index index.php;
  location ~ \.php\$ { include /etc/nginx/fastcgi_params; fastcgi_param SCRIPT_FILENAME \$document_root\$fastcgi_script_name;
    fastcgi_pass unix:$base/run/$name.sock; } }
CONF
  password=$(openssl rand -hex 12)
  mariadb --batch -e "CREATE DATABASE $name; CREATE USER $name@localhost IDENTIFIED BY '$password'; GRANT ALL ON $name.* TO $name@localhost"
  echo "postmaster@$domain $name/" >> $base/map/mailboxes
  postmap $base/map/mailboxes
  doveadm reload
  kill -USR2 "$(cat $base/run/fpm.pid)"
  nginx -c $base/nginx.conf -t -q
  nginx -c $base/nginx.conf -s reload
  until [ "$(curl -s -m 5 -H "Host: $domain" http://127.0.0.1:8081/)" = "$name" ]; do sleep 0.005; [ $SECONDS -lt 20 ]; done
}

clean_up() {
  nginx -c $base/nginx.conf -s stop || true
  kill "$(cat $base/run/fpm.pid)" || true
  while ss -Hltn 'sport = :8081' | grep -q .; do sleep 0.1; done
  for home in /srv/classical-b*; do
    [ -d "$home" ] || continue
    name=${home#/srv/classical-}
    mariadb --batch -e "DROP USER IF EXISTS $name@localhost; DROP DATABASE IF EXISTS $name"
    userdel "$name"; rm -rf "$home"
  done
  rm -rf $base; chmod 700 /root
}

case $1 in set-up) set_up ;; make) make "$2" ;; clean-up) clean_up ;; esac
