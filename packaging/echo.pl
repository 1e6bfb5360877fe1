# An echo service, and its client, which sends numbered datagrams and counts the replies.
#
#   perl echo.pl serve ADDRESS PORT
#   perl echo.pl send ADDRESS PORT RATE    until standard input ends; then prints "sent N, lost N, longest gap N ms"
use strict;
use warnings;
use IO::Socket::INET;
use IO::Select;
use Time::HiRes qw(time);

my ($command, $address, $port, $rate) = @ARGV;
if ($command eq 'serve') {
    my $server = IO::Socket::INET->new(LocalAddr => $address, LocalPort => $port, Proto => 'udp') or die "socket: $!";
    while (1) {
        my $client = $server->recv(my $datagram, 64);
        $server->send($datagram, 0, $client) if defined $client;
    }
}
my $socket = IO::Socket::INET->new(PeerAddr => $address, PeerPort => $port, Proto => 'udp') or die "socket: $!";
my $select = IO::Select->new($socket, \*STDIN);
my ($sent, %waiting, $ends) = (0);
my $next = my $last = time;
my $gap = 0;

until (defined $ends && (time >= $ends || !%waiting)) {
    my $now = time;
    if (!defined $ends && $now >= $next) {
        $waiting{++$sent} = 1;
        # A server that is away answers with an error, which the next call returns.
        $socket->send($sent);
        $next += 1 / $rate;
    }
    my $wait = defined $ends ? 0.05 : $next - time;
    for my $ready ($select->can_read($wait > 0 ? $wait : 0)) {
        if ($ready == $socket) {
            next unless defined $socket->recv(my $reply, 64);
            if (delete $waiting{$reply}) {
                my $at = time;
                $gap = $at - $last if $at - $last > $gap;
                $last = $at;
            }
        } elsif (!sysread STDIN, my $ignored, 64) {
            $select->remove(\*STDIN);
            $ends = time + 1;
        }
    }
}
printf "sent %d, lost %d, longest gap %d ms\n", $sent, scalar keys %waiting, 1000 * $gap;
