using System.Collections.Immutable;
using System.Net;
using Sidestep.Api;
using Sidestep.Control.Agents;
using Sidestep.Control.Doctor;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.UnitTests.Doctor;

/// <summary>Evidence of a director with a layer-2 and a layer-3 service, on two servers each, of which nothing is wrong.</summary>
internal static class Healthy
{
    internal static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    internal static readonly IPAddress Near = IPAddress.Parse("203.0.113.10"), Near6 = IPAddress.Parse("2001:db8:113::10"), Far = IPAddress.Parse("203.0.113.20");
    internal static readonly IPAddress Director = IPAddress.Parse("10.0.0.2");

    internal static Evidence Evidence() => new()
    {
        Director = "edge1",
        Version = "1.0",
        Now = Now,
        DirectorAddresses = [Director],
        Interfaces = [new InterfaceEvidence("eth0", Driver.Auto, Driver.Native, null)],
        ServicesOfVips = ImmutableDictionary<IPAddress, ImmutableArray<string>>.Empty.Add(Near, ["near-www"]).Add(Near6, ["near-www"]).Add(Far, ["far-www", "far-dns"]),
        Servers =
        [
            Server("near1", "10.0.0.11", Service("near-www", Near, Way.Layer2), Service("near-www", Near6, Way.Layer2)),
            Server("near2", "10.0.0.12", Service("near-www", Near, Way.Layer2), Service("near-www", Near6, Way.Layer2)),
            Server("far1", "10.1.0.11", Service("far-www", Far, new Way(Encapsulation.IpIp)), Dns()),
            Server("far2", "10.1.0.12", Service("far-www", Far, new Way(Encapsulation.IpIp)), Dns()),
        ],
    };

    /// <summary>The same evidence, with something else about one server.</summary>
    internal static Evidence With(this Evidence evidence, string server, Func<ServerEvidence, ServerEvidence> change) =>
        evidence with { Servers = [.. evidence.Servers.Select(s => s.Name == server ? change(s) : s)] };

    /// <summary>With another report after the probes.</summary>
    internal static ServerEvidence After(this ServerEvidence server, Func<AgentReport, AgentReport> change) =>
        server with { After = server.After! with { Report = change(server.After.Report) } };

    /// <summary>With a condition that is wrong.</summary>
    internal static AgentReport Wrong(this AgentReport report, string name, string subject) => report with
    {
        Conditions = [.. report.Conditions.Where(c => c.Name != name || c.Subject != subject), new Condition(name, subject, Verdict.Wrong, "found", "wanted", "cure")],
    };

    /// <summary>With a counter that has grown.</summary>
    internal static AgentReport Grown(this AgentReport report, string counter, long by = 3) =>
        report with { Counters = report.Counters.SetItem(counter, report.Counters.GetValueOrDefault(counter) + by) };

    /// <summary>With other handshakes since the first report, which had 100 of each.</summary>
    internal static AgentReport Handshakes(this AgentReport report, IPAddress vip, long synReceived, long synAckSent) => report with
    {
        Traffic = [.. report.Traffic.Select(t => t.Vip.Equals(vip) ? new VipTraffic(vip, 100 + synReceived, 100 + synAckSent) : t)],
    };

    /// <summary>With other outcomes of its probes.</summary>
    internal static ServerEvidence Paths(this ServerEvidence server, ProbeOutcome outcome, IPAddress? from = null) => server with
    {
        Services = [.. server.Services.Select(v => v with { Path = new ProbeEvidence(outcome, from) })],
    };

    private static ServiceEvidence Service(string name, IPAddress vip, Way way) => new()
    {
        Name = name,
        Pool = name,
        Vip = vip,
        Protocol = TransportProtocol.Tcp,
        Port = 80,
        Way = way,
        Room = way == Way.Layer2 ? new PathRoom(1500, 0, 1460, 1440) : new PathRoom(1500, 20, 1440, 1420),
        Path = new ProbeEvidence(ProbeOutcome.Answered, vip, way == Way.Layer2 ? 1460 : 1440),
        Own = new ProbeEvidence(ProbeOutcome.Answered),
        Size = way == Way.Layer2 ? new SizeEvidence(1500, 1500, null) : new SizeEvidence(1480, 1480, null),
    };

    private static ServiceEvidence Dns() => Service("far-dns", Far, new Way(Encapsulation.IpIp)) with
    {
        Protocol = TransportProtocol.Udp,
        Port = 53,
        Path = new ProbeEvidence(ProbeOutcome.Answered, Far),
    };

    private static ServerEvidence Server(string name, string address, params ServiceEvidence[] services)
    {
        var report = Report(name, address, [.. services.Select(static s => s.Vip).Distinct()]);
        return new ServerEvidence
        {
            Name = name,
            Address = IPAddress.Parse(address),
            Services = [.. services],
            Route = services[0].Way == Way.Layer2
                ? new RouteEvidence { Device = "eth0", Mac = Mac(name), Answered = [Mac(name)] }
                : new RouteEvidence { Device = "eth0", Gateway = IPAddress.Parse("10.0.0.1"), Mac = "02:00:00:00:00:01", Answered = ["02:00:00:00:00:01"] },
            Before = new ReceivedReport(name, Now.AddSeconds(-2), report),
            After = new ReceivedReport(name, Now.AddSeconds(-1), report with { Sequence = 8, WallClock = Now.AddSeconds(-1) }),
            OwnTtl = 64,
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
            .. vips.Select(static v => new Condition(ConditionNames.Vip, v.ToString(), Verdict.Ok, "on lo", "on lo", "")),
            new Condition(ConditionNames.ArpIgnore, "eth0", Verdict.Ok, "1", "1", ""),
            new Condition(ConditionNames.DefaultRoute, "IPv4", Verdict.Note, "none", "a way", ""),
        ],
        Counters = ImmutableDictionary<string, long>.Empty.Add(CounterNames.RefusedSource, 5).Add(CounterNames.ReversePathFilter, 6),
        Traffic = [.. vips.Select(static v => new VipTraffic(v, 100, 100))],
        Listeners = [new Listener("tcp", IPAddress.IPv6Any, 80, "nginx"), new Listener("tcp", IPAddress.Any, 22, "sshd"), new Listener("udp", Far, 53, "nsd")],
        DefaultRoutes = [new DefaultRoute(4, "eth0", IPAddress.Parse("10.0.0.1"), null), new DefaultRoute(6, "eth0", IPAddress.Parse("2001:db8::1"), null)],
        Devices =
        [
            new Device("lo", "00:00:00:00:00:00", 65536, true, ["127.0.0.1/8", .. vips.Select(static v => $"{v}/{v.GetAddressBytes().Length * 8}")], []),
            new Device("eth0", Mac(name), 1500, true, [$"{address}/24", "fe80::1/64"], []),
        ],
    };
}
