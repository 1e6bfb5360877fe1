using System.Diagnostics;
using System.Text.Json;

namespace Sidestep.SystemTests.Daemon.Probes;

/// <summary>Monitors against other programs: nginx with TLS, dnsmasq, Perl, and a shell script as a monitor.</summary>
public sealed class HealthMonitorTests : IDisposable
{
    private readonly Segment _segment = new(servers: 1);
    private readonly CertificateAuthority _ca = new("servers"), _otherCa = new("others");
    private readonly List<Process> _services = [];

    /// <summary>Name, verdict and part of the error.</summary>
    private static readonly (string Monitor, string Verdict, string Error)[] Expected =
    [
        ("any-certificate", "up", ""), ("good-chain", "up", ""), ("good-name", "up", ""),
        ("other-name", "down", "the certificate is not for other.example but for CN=www"),
            ("other-authority", "down", "TLS: "), ("wrong-page", "down", "status code 404"),
        ("name", "up", ""), ("no-such-name", "up", ""),
            ("other-address", "down", "no answer is 192.0.2.81: 192.0.2.80"),
        ("pong", "up", ""), ("other-answer", "down", "does not contain the expected text"),
            ("closed-port", "down", "refused"),
        ("script", "up", ""), ("unmarked", "down", "exit code 1: no pong"),
    ];

    [Fact]
    public void Every_monitor_type_tells_working_services_from_failing_ones()
    {
        StartServices();
        _segment.WriteText(Configuration());
        _segment.Start();
        var seen = new Dictionary<string, (string Verdict, string Error)>();
        Eventually.True(
            () =>
            {
                seen = Checks();
                return Expected.All(e => seen.TryGetValue(e.Monitor, out var s) && s.Verdict == e.Verdict);
            },
            () => string.Join('\n', seen.Select(static s => $"{s.Key}: {s.Value}")), TimeSpan.FromSeconds(40));
        Assert.Equal(Expected.Length, seen.Count);
        Assert.All(Expected.Where(static e => e.Error.Length > 0), e =>
            Assert.Contains(e.Error, seen[e.Monitor].Error, StringComparison.OrdinalIgnoreCase));
    }

    public void Dispose()
    {
        foreach (var service in _services)
        {
            service.Kill(entireProcessTree: true);
            service.WaitForExit();
            service.Dispose();
        }
        _segment.Dispose();
        _ca.Dispose();
        _otherCa.Dispose();
    }

    private string Configuration() => $$"""
        node:
          name: {{_segment.File.Name}}
          pinPath: {{_segment.File.PinPath}}
          onExit: remove
          interfaces: [ { name: eth0 } ]
        group:
          hashKey: 6a09e667f3bcc908bb67ae8584caa73b
        networkProfiles:
          - { name: profile, dsrType: l2 }
        healthMonitors:
          - { name: any-certificate, type: https, path: /, interval: 1 }
          - { name: good-chain, type: https, path: /, interval: 1, tls: chain, caFile: {{PathOf("authority.pem")}} }
          - name: good-name
            type: https
            path: /
            interval: 1
            tls: name
            serverName: www.example
            caFile: {{PathOf("authority.pem")}}
          - name: other-name
            type: https
            path: /
            interval: 1
            tls: name
            serverName: other.example
            caFile: {{PathOf("authority.pem")}}
          - { name: other-authority, type: https, path: /, interval: 1, tls: chain, caFile: {{PathOf("other.pem")}} }
          - { name: wrong-page, type: https, path: /missing, interval: 1 }
          - { name: name, type: dns, query: www.example, expectedAddress: 192.0.2.80, interval: 1 }
          - { name: no-such-name, type: dns, query: none.example, expectedCode: nxdomain, interval: 1 }
          - { name: other-address, type: dns, query: www.example, expectedAddress: 192.0.2.81, interval: 1 }
          - { name: pong, type: udp, port: 9999, send: "ping\n", expect: pong, interval: 1 }
          - { name: other-answer, type: udp, port: 9999, send: "ping\n", expect: pang, interval: 1 }
          - { name: closed-port, type: udp, port: 9998, send: "ping\n", interval: 1 }
          - { name: script, type: command, command: {{PathOf("ask.sh")}}, port: 9999, interval: 1 }
          - name: unmarked
            type: command
            command: {{PathOf("ask-unmarked.sh")}}
            port: 9999
            interval: 1
        pools:
          - name: web
            monitors: [ any-certificate, good-chain, good-name, other-name, other-authority, wrong-page ]
            servers: [ { name: server1, address: {{Segment.AddressOf(1)}} } ]
          - name: rest
            monitors: [ name, no-such-name, other-address, pong, other-answer, closed-port, script, unmarked ]
            servers: [ { name: server1, address: {{Segment.AddressOf(1)}} } ]
        virtualServices:
          - { name: web, vip: {{Segment.Vip}}, protocol: tcp, port: 443, pool: web, networkProfile: profile }
          - { name: rest, vip: {{Segment.Vip}}, protocol: udp, port: 53, pool: rest, networkProfile: profile }

        """;

    private void StartServices()
    {
        var (certificate, key) = _ca.Issue("www", host: "www.example");
        Write("www.pem", certificate);
        Write("www.key", key);
        Write("authority.pem", _ca.Pem);
        Write("other.pem", _otherCa.Pem);
        Write("nginx.conf", $$"""
            daemon off;
            user root;
            worker_processes 1;
            pid {{PathOf("nginx.pid")}};
            error_log stderr warn;
            events { worker_connections 64; }
            http {
                access_log off;
                client_body_temp_path {{PathOf("body")}};
                proxy_temp_path {{PathOf("proxy")}};
                fastcgi_temp_path {{PathOf("fastcgi")}};
                uwsgi_temp_path {{PathOf("uwsgi")}};
                scgi_temp_path {{PathOf("scgi")}};
                server {
                    listen {{Segment.Vip}}:443 ssl;
                    ssl_certificate {{PathOf("www.pem")}};
                    ssl_certificate_key {{PathOf("www.key")}};
                    location = / { return 200 "here"; }
                    location / { return 404; }
                }
            }

            """);
        Script("ask.sh", "setsockopt-int=1:36:$SIDESTEP_MARK"); // SO_MARK
        Script("ask-unmarked.sh", "broadcast=0");
        Write("empty.conf", "");
        Start("nginx", "-p", _segment.Lan.Folder, "-c", PathOf("nginx.conf"));
        Start("dnsmasq", "--keep-in-foreground", "--no-resolv", "--no-hosts", $"--conf-file={PathOf("empty.conf")}",
            $"--listen-address={Segment.Vip}", "--bind-interfaces",
            "--user=root", $"--pid-file={PathOf("dnsmasq.pid")}", "--local=/example/",
            "--address=/www.example/192.0.2.80");
        // Not socat: with a process per datagram, 1.7.4.4 stops answering on a busy machine.
        Start("perl", "-MIO::Socket::INET", "-e", $$"""
            my $socket = IO::Socket::INET->new(Proto => 'udp', LocalAddr => '{{Segment.Vip}}', LocalPort => 9999);
            while (defined $socket->recv(my $question, 1500)) { $socket->send("pong to $question") }
            """);
    }

    private void Script(string name, string option)
    {
        Write(name, $$"""
            #!/bin/sh
            target="UDP4-DATAGRAM:$SIDESTEP_ADDRESS:$SIDESTEP_PORT,bind=$SIDESTEP_SOURCE,{{option}}"
            answer=$(echo ping | socat -t 0.5 - "$target" 2>&1)
            case $answer in
            pong*) exit 0 ;;
            esac
            echo "no pong: $answer"
            exit 1

            """);
        Shell.Run("chmod", "u+x", PathOf(name));
    }

    private void Start(params string[] command) => _services.Add(Shell.Start(_segment.Servers[0].Enter(command)));

    private Dictionary<string, (string, string)> Checks() => _segment.Status()
        .GetProperty("health") is { ValueKind: JsonValueKind.Object } health
        ? health.GetProperty("servers").EnumerateArray()
        .SelectMany(static s => s.GetProperty("checks").EnumerateArray()).ToDictionary(
            static c => c.GetProperty("monitor").GetString()!, static c =>
            (c.GetProperty("status").GetString()!, c.GetProperty("error").GetString() ?? ""))
        : [];

    private string PathOf(string file) => Path.Combine(_segment.Lan.Folder, file);

    private void Write(string file, string text) => File.WriteAllText(PathOf(file), text);
}
