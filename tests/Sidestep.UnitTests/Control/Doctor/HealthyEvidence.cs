using System.Collections.Immutable;
using System.Net;
using Sidestep.Api;
using Sidestep.Control.Agents;
using Sidestep.Control.Doctor;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.UnitTests.Control.Doctor;

/// <summary>Evidence of a director with a layer-2 and a layer-3 service, on two servers each, without any
/// fault.</summary>
internal static class HealthyEvidence
{
    internal static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    internal static readonly IPAddress Layer2Vip = IPAddress.Parse("203.0.113.10"), Layer2Vip6 = IPAddress
        .Parse("2001:db8:113::10"), Layer3Vip = IPAddress.Parse("203.0.113.20");
    internal static readonly IPAddress Director = IPAddress.Parse("10.0.0.2");

    internal static Evidence Evidence() => new()
    {
        Director = "edge1",
        Version = "1.0",
        Now = Now,
        DirectorAddresses = [Director],
        Interfaces = [new InterfaceEvidence("eth0", Driver.Auto, Driver.Native, null)],
        ServicesByVip = ImmutableDictionary<IPAddress, ImmutableArray<string>>.Empty.Add(Layer2Vip, ["near-www"])
            .Add(Layer2Vip6, ["near-www"]).Add(Layer3Vip, ["far-www", "far-dns"]),
        Servers =
        [
            Server("near1", "10.0.0.11", Service("near-www", Layer2Vip, Encap.Layer2),
                Service("near-www", Layer2Vip6, Encap.Layer2)),
            Server("near2", "10.0.0.12", Service("near-www", Layer2Vip, Encap.Layer2),
                Service("near-www", Layer2Vip6, Encap.Layer2)),
            Server("far1", "10.1.0.11", Service("far-www", Layer3Vip, new Encap(ForwardingMode.IpIp)), Dns()),
            Server("far2", "10.1.0.12", Service("far-www", Layer3Vip, new Encap(ForwardingMode.IpIp)), Dns()),
        ],
    };

    /// <summary>The same evidence with a change of one server.</summary>
    internal static Evidence With(this Evidence evidence, string server, Func<ServerEvidence, ServerEvidence> change) =>
        evidence with { Servers = [.. evidence.Servers.Select(s => s.Name == server ? change(s) : s)] };

    /// <summary>With another report after the probes.</summary>
    internal static ServerEvidence WithReport(this ServerEvidence server, Func<AgentReport, AgentReport> change) =>
        server with { AfterProbes = server.AfterProbes! with { Report = change(server.AfterProbes.Report) } };

    /// <summary>With a condition that is wrong.</summary>
    internal static AgentReport WithWrongCondition(this AgentReport report, string name, string subject) => report with
    {
        Conditions = [.. report.Conditions
            .Where(c => c.Name != name || c.Subject != subject),
            new Condition(name, subject, ConditionStatus.Wrong, "found", "wanted", "remedy")],
    };

    /// <summary>With a counter that has grown.</summary>
    internal static AgentReport WithGrownCounter(this AgentReport report, string counter, long by = 3) =>
        report with { Counters = report.Counters.SetItem(counter, report.Counters.GetValueOrDefault(counter) + by) };

    /// <summary>With other handshakes since the first report, which had 100 of each.</summary>
    internal static AgentReport WithHandshakes(this AgentReport report, IPAddress vip, long synReceived,
        long synAckSent) => report with
        {
            Traffic = [.. report.Traffic
            .Select(t => t.Vip.Equals(vip) ? new VipTraffic(vip, 100 + synReceived, 100 + synAckSent) : t)],
        };

    /// <summary>With another reply to all probes of its DSR path.</summary>
    internal static ServerEvidence WithPathReplies(this ServerEvidence server, ProbeReply reply, IPAddress? from =
        null) => server with
        {
            Services = [.. server.Services.Select(v => v with { DsrPathProbe = new ProbeEvidence(reply, from) })],
        };

    private static ServiceEvidence Service(string name, IPAddress vip, Encap encap) => new()
    {
        Name = name,
        Pool = name,
        Vip = vip,
        Protocol = TransportProtocol.Tcp,
        Port = 80,
        Encap = encap,
        PathMtu = encap == Encap.Layer2 ? new PathMtu(1500, 0, 1460, 1440) : new PathMtu(1500, 20, 1440, 1420),
        DsrPathProbe = new ProbeEvidence(ProbeReply.Answered, vip, encap == Encap.Layer2 ? 1460 : 1440),
        DirectProbe = new ProbeEvidence(ProbeReply.Answered),
        PacketSize = encap == Encap.Layer2 ? new PacketSizeEvidence(1500, 1500, null)
            : new PacketSizeEvidence(1480, 1480, null),
    };

    private static ServiceEvidence Dns() => Service("far-dns", Layer3Vip, new Encap(ForwardingMode.IpIp)) with
    {
        Protocol = TransportProtocol.Udp,
        Port = 53,
        DsrPathProbe = new ProbeEvidence(ProbeReply.Answered, Layer3Vip),
    };

    private static ServerEvidence Server(string name, string address, params ServiceEvidence[] services)
    {
        var report = Report(name, address, [.. services.Select(static s => s.Vip).Distinct()]);
        return new ServerEvidence
        {
            Name = name,
            Address = IPAddress.Parse(address),
            Services = [.. services],
            Route = services[0].Encap == Encap.Layer2
                ? new RouteEvidence { Device = "eth0", Mac = Mac(name), RepliedMacs = [Mac(name)] }
                : new RouteEvidence
                {
                    Device = "eth0",
                    Gateway = IPAddress
                    .Parse("10.0.0.1"),
                    Mac = "02:00:00:00:00:01",
                    RepliedMacs = ["02:00:00:00:00:01"]
                },
            BeforeProbes = new ReceivedReport(RealServerKey.InDefault(name), Now.AddSeconds(-2), report),
            AfterProbes =
                new ReceivedReport(RealServerKey.InDefault(name), Now
                    .AddSeconds(-1), report with { Sequence = 8, WallClock = Now.AddSeconds(-1) }),
            ReplyTtl = 64,
        };
    }

    internal static string Mac(string server) => $"02:00:00:00:0{(server[0] == 'n' ? 1 : 2)}:0{server[^1]}";

    private static AgentReport Report(string name, string address, IPAddress[] vips) => new()
    {
        AgentVersion = "1.0",
        HostName = name,
        OperatingSystem = "linux",
        WallClock = Now.AddSeconds(-2),
        Instance = "a",
        Sequence = 7,
        Conditions =
        [
            .. vips.Select(static v =>
                new Condition(ConditionNames.Vip, v.ToString(), ConditionStatus.Ok, "on lo", "on lo", "")),
            new Condition(ConditionNames.ArpIgnore, "eth0", ConditionStatus.Ok, "1", "1", ""),
            new Condition(ConditionNames.DefaultRoute, "IPv4", ConditionStatus.Note, "none", "a route", ""),
        ],
        Counters = ImmutableDictionary<string, long>.Empty.Add(AgentCounterNames.RejectedSource, 5)
            .Add(AgentCounterNames.ReversePathFilter, 6),
        Traffic = [.. vips.Select(static v => new VipTraffic(v, 100, 100))],
        Listeners = [new Listener("tcp", IPAddress.IPv6Any, 80, "nginx"),
            new Listener("tcp", IPAddress.Any, 22, "sshd"), new Listener("udp", Layer3Vip, 53, "nsd")],
        DefaultRoutes = [new DefaultRoute(4, "eth0", IPAddress.Parse("10.0.0.1"), null),
            new DefaultRoute(6, "eth0", IPAddress.Parse("2001:db8::1"), null)],
        Devices =
        [
            new Device("lo", "00:00:00:00:00:00", 65536,
                true, ["127.0.0.1/8", .. vips.Select(static v => $"{v}/{v.GetAddressBytes().Length * 8}")], []),
            new Device("eth0", Mac(name), 1500, true, [$"{address}/24", "fe80::1/64"], []),
        ],
    };
}
