using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace Sidestep.SystemTests.Daemon.Probes;

/// <summary>Health checks of a running daemon, and servers that fail.</summary>
public sealed class ServerHealthTests
{
    [Fact]
    public void A_server_without_its_VIP_is_marked_down_and_up_again_with_it()
    {
        using var segment = new Segment();
        segment.File = segment.File with { PoolLines = "" };
        segment.Start();
        using var traffic = segment.Send();
        traffic.WaitUntilAllAnswered();
        WaitForSlots(segment, "server1", true);
        WaitForSlots(segment, "server2", true);

        segment.Servers[0].Ip($"address del {Segment.Vip}/32 dev lo");
        WaitForSlots(segment, "server1", false);
        var failed = Health(segment, "server1");
        Assert.Equal(("failed", false, "down"), (Server(segment, "server1").GetProperty("state")
            .GetString(), failed.GetProperty("healthy").GetBoolean(), failed.GetProperty("dsrPath").GetString()));
        Assert.Contains($"icmp, {Segment.Vip}: no reply within 1 s", failed.GetProperty("error").GetString(),
            StringComparison.Ordinal);
        Assert.Contains("server1 of pool/l2: down since", segment.StatusText(), StringComparison.Ordinal);

        segment.Servers[0].Ip($"address add {Segment.Vip}/32 dev lo");
        WaitForSlots(segment, "server1", true);
    }

    [Fact]
    public void A_server_with_traffic_keeps_it_across_a_daemon_restart()
    {
        using var segment = new Segment(servers: 1);
        segment.File = segment.File with
        {
            OnExit = "keep",
            PoolLines = "monitors: [patient]",
            Monitors = ["name: patient, type: icmp, interval: 2, timeout: 1, fall: 3"]
        };
        var first = segment.Start();
        WaitForSlots(segment, "server1", true);
        first.Kill();
        // No health check has a result yet: the first verdict takes three intervals.
        segment.Servers[0].Ip($"address del {Segment.Vip}/32 dev lo");
        Assert.Contains("applied: 1 services, 1 servers take traffic", segment.Start().CombinedOutput,
            StringComparison.Ordinal);
        WaitForSlots(segment, "server1", false);
    }

    /// <summary>The new pool has a third server that was never checked, and the previous pool is no longer in the
    /// file.</summary>
    [Theory]
    [InlineData("pool")]
    [LongInlineData("next")]
    public void New_servers_take_over_without_a_gap_once_they_are_healthy(string pool)
    {
        using var segment = new Segment(servers: 3);
        segment.File = segment.File with { PoolLines = "", Servers = [.. segment.File.Servers.Take(2)] };
        segment.Start();
        using var traffic = segment.Send();
        traffic.WaitUntilAllAnswered();
        var first = traffic.Count;

        // The new pool must not take over before it is healthy.
        segment.Servers[2].Ip($"address del {Segment.Vip}/32 dev lo");
        segment.Apply(segment.File with { Servers = [Segment.ServerEntry(3)], PoolName = pool });
        traffic.WaitForSent(300);
        Assert.Contains(segment.Status().GetProperty("daemon").GetProperty("degraded").EnumerateArray(),
            static d => d.GetString()!.Contains("are not verified yet", StringComparison.Ordinal));
        segment.Servers[2].Ip($"address add {Segment.Vip}/32 dev lo");
        Eventually.True(() => traffic.Snapshot().TakeLast(20).Any(static e => e.Server == 3), () => segment.Status()
            .ToString(), TimeSpan.FromSeconds(30));
        traffic.WaitForSent(100);

        var exchanges = traffic.Stop();
        ExchangeAssert.AllAnswered([.. exchanges.Skip(first)]);
        Assert.All(exchanges.TakeLast(50), static e => Assert.Equal(3, e.Server));
        Assert.Equal("server3", Assert.Single(segment.Status().GetProperty("pools").EnumerateArray())
            .GetProperty("servers").EnumerateArray().Single().GetProperty("name").GetString());
        Assert.Empty(segment.Status().GetProperty("daemon").GetProperty("degraded").EnumerateArray());
    }

    [Fact]
    public void Without_a_healthy_server_the_VIP_is_out_of_service()
    {
        using var segment = new Segment(servers: 1);
        segment.File = segment.File with { PoolLines = "" };
        segment.Servers[0].Ip($"address del {Segment.Vip}/32 dev lo");
        segment.Start();
        Assert.NotEqual(0, segment.Client.Try("ping", "-c", "1", "-W", "1", Segment.Vip).ExitCode);
        segment.Servers[0].Ip($"address add {Segment.Vip}/32 dev lo");
        WaitForSlots(segment, "server1", true);
        Assert.Equal(0, segment.Client.Try("ping", "-c", "1", "-W", "2", Segment.Vip).ExitCode);
    }

    [Fact]
    public void The_path_MTU_is_measured_and_rejected_outer_headers_are_a_passive_signal()
    {
        using var segment = new Segment(servers: 2);
        // The first server's cable has a smaller MTU than the director's.
        segment.Servers[0].Ip("link set dev eth0 mtu 1400");
        segment.File = segment.File with { PoolLines = "" };
        segment.Start();
        WaitForSlots(segment, "server2", true);
        Eventually.True(() => Health(segment, "server2") is var h
            && h.GetProperty("measuredPathMtu").ValueKind == JsonValueKind.Number, () => Health(segment, "server2")
            .ToString());
        Assert.Equal(1500, Health(segment, "server2").GetProperty("measuredPathMtu").GetInt32());
        // A veth accepts four bytes more, for a VLAN tag.
        Eventually.True(() => Health(segment, "server1")
            .GetProperty("mtuProblem").ValueKind == JsonValueKind.String, () => Health(segment, "server1")
            .ToString(), TimeSpan.FromSeconds(60));
        Assert.InRange(Health(segment, "server1").GetProperty("measuredPathMtu").GetInt32(), 1400, 1404);

        segment.Apply(segment.File with { ProfileLines = "encapsulation: ipip" });
        Eventually.True(() => Health(segment, "server2") is var h && h.GetProperty("passiveSignals")
            .GetArrayLength() > 0, () => segment.Status().ToString());
        Assert.Contains("rejects the outer header (protocol unreachable): it does not decapsulate",
            Health(segment, "server2").GetProperty("passiveSignals")[0].GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Refused_connections_take_a_server_out_of_their_service_and_not_out_of_the_other_one()
    {
        using var segment = new Segment();
        segment.File = segment.File with
        {
            PoolLines = "",
            ProfileLines = "dsrType: l2, udpOnRebalance: move",
            Services = [.. segment.File.Services, new UdpService("web", Segment.Vip, 81, Protocol: "tcp")],
        };
        using var listener = Listen(segment.Servers[1]);
        using (Listen(segment.Servers[0]))
        {
            segment.Start();
            WaitForSlots(segment, "web", (true, true));
            WaitForSlots(segment, "echo", (true, true));
        }
        using var traffic = segment.Send();
        traffic.WaitUntilAllAnswered();
        var first = traffic.Count;
        WaitForSlots(segment, "web", (false, true));
        traffic.WaitForSent(200);
        Assert.Equal((true, true), Slots(segment, "echo"));
        Assert.Contains("server1 of pool/l2 for web: down since", segment.StatusText(), StringComparison.Ordinal);
        var exchanges = traffic.Stop().Skip(first).ToArray();
        ExchangeAssert.AllAnswered(exchanges);
        Assert.Equal([1, 2], exchanges.Select(static e => (int)e.Server).Distinct().Order());

        using var again = Listen(segment.Servers[0]);
        WaitForSlots(segment, "web", (true, true));
    }

    /// <summary>Accepts TCP connections to port 81 of the VIP.</summary>
    private static TcpListener Listen(NetworkNamespace server) => server.Inside(static () =>
    {
        var listener = new TcpListener(IPAddress.Parse(Segment.Vip), 81);
        listener.Start();
        return listener;
    });

    private static void WaitForSlots(Segment segment, string service, (bool, bool) expected) => Eventually.True(
        () => Slots(segment, service) == expected, () => segment.Status().ToString(), TimeSpan.FromSeconds(30));

    /// <summary>Whether server 1 and server 2 have slots of a service.</summary>
    private static (bool, bool) Slots(Segment segment, string service)
    {
        var pool = segment.Status().GetProperty("pools").EnumerateArray()
            .FirstOrDefault(p => p.GetProperty("service").GetString() == service);
        return pool.ValueKind == JsonValueKind.Undefined ? (false, false) : (Has("server1"), Has("server2"));

        bool Has(string name) => pool.GetProperty("servers").EnumerateArray()
            .Single(s => s.GetProperty("name").GetString() == name).GetProperty("slots").GetInt32() > 0;
    }

    [Theory]
    [InlineData("")]
    [LongInlineData("healthScope: service")]
    public void Port_and_250_VIPs_that_no_server_serves_take_nothing_down(string scope)
    {
        using var segment = new Segment();
        // Otherwise all flows stay on the server that is up first.
        segment.File = segment.File with { PoolLines = scope, ProfileLines = "dsrType: l2, udpOnRebalance: move" };
        segment.Start();
        WaitForSlots(segment, "server1", true);
        WaitForSlots(segment, "server2", true);
        using var traffic = segment.Send();
        traffic.WaitUntilAllAnswered();
        var first = traffic.Count;

        var added = Enumerable.Range(1, 250).Select(static i =>
            new UdpService($"new{i}", $"198.51.100.{i}", EchoServer.Port))
            .Append(new UdpService("tcp", Segment.Vip, 81, Protocol: "tcp"));
        segment.Apply(segment.File with { Services = [.. segment.File.Services, .. added] });
        // Together, 16 VIPs are probed by echo, and the port. All but the old VIP were never up.
        Eventually.True(() => scope.Length > 0 ? Down(segment) == 2 * 251
                : Unproven(segment, "server1") == 16 && Unproven(segment, "server2") == 16,
            () => segment.Status().GetProperty("health").ToString(), TimeSpan.FromSeconds(60));
        traffic.WaitForSent(100);

        var exchanges = traffic.Stop().Skip(first).ToArray();
        ExchangeAssert.AllAnswered(exchanges);
        Assert.Equal([1, 2], exchanges.TakeLast(100).Select(static e => (int)e.Server).Distinct().Order());
        Assert.Contains(scope.Length > 0 ? "server1 of pool/l2 for new1: down since"
            : "server1 of pool/l2: never up here: tcp, 203.0.113.10 81: Connection refused, and 15 more checks",
            segment.StatusText(), StringComparison.Ordinal);
    }

    private static int Down(Segment segment) => segment.Status().GetProperty("health").GetProperty("servers")
        .EnumerateArray().Count(static s => s.GetProperty("dsrPath").GetString() == "down");

    private static int Unproven(Segment segment, string server) => Health(segment, server).GetProperty("checks")
        .EnumerateArray().Count(static c => c.GetProperty("unproven").GetBoolean());

    private static void WaitForSlots(Segment segment, string server, bool has) => Eventually.True(
        () => Server(segment, server).GetProperty("slots").GetInt32() > 0 == has, () => segment.Status()
        .ToString(), TimeSpan.FromSeconds(30));

    private static JsonElement Server(Segment segment, string name) => segment.Status().GetProperty("pools")[0]
        .GetProperty("servers").EnumerateArray()
        .Single(s => s.GetProperty("name").GetString() == name);

    /// <summary>The health report, which is written once a second.</summary>
    private static JsonElement Health(Segment segment, string name)
    {
        JsonElement found = default;
        Eventually.True(
            () => segment.Status().GetProperty("health") is { ValueKind: JsonValueKind.Object } health
                && (found = health.GetProperty("servers").EnumerateArray()
                .FirstOrDefault(s => s.GetProperty("name").GetString() == name)).ValueKind == JsonValueKind.Object
                && found.GetProperty("healthy").GetBoolean() == Server(segment, name).GetProperty("slots")
                .GetInt32() > 0,
            () => segment.Status().ToString());
        return found;
    }
}
