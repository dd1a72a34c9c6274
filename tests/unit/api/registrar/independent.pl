# A client of EPP that shares nothing with ours: Debian's libnet-epp-perl. Reads what to do as JSON, says what it saw as JSON.
use strict;
use warnings;
use JSON;
use Net::EPP::Simple;

my $asked = decode_json(do { local $/; <STDIN> });
my $epp = Net::EPP::Simple->new(
    host => $asked->{host}, port => $asked->{port}, user => $asked->{user}, pass => $asked->{pass},
    key => $asked->{key}, cert => $asked->{cert}, verify => 1, ca_file => $asked->{ca_file},
    timeout => 10, load_config => 0, reconnect => 0,
) or die "no session: $Net::EPP::Simple::Error\n";

my @seen;
for my $step (@{ $asked->{steps} }) {
    my ($call, @arguments) = @$step;
    my $result = $epp->$call(@arguments);
    push @seen, { call => $call, code => 0 + $Net::EPP::Simple::Code, result => ref($result) =~ /^Net|^XML/ ? "frame" : $result };
}
$epp->logout;
print JSON->new->utf8->allow_blessed->encode(\@seen);
