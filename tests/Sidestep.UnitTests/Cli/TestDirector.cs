using System.Net;
using Sidestep.Cli;
using Sidestep.Forwarding;
using Sidestep.Forwarding.LocalApi;
using Sidestep.Model;

namespace Sidestep.UnitTests.Cli;

/// <summary>A director with two services, two pools and three servers.</summary>
internal static class TestDirector
{
    public static readonly DateTimeOffset AppliedAt = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    public static DirectorSettings Settings { get; } = new() { Name = "edge1", Interfaces = [], HashKey = default };

    public static GroupKey Web { get; } = new("web", Encap.Layer2);

    public static GroupKey Names { get; } = new("names", new Encap(ForwardingMode.Gue, 6081));

    public static DirectorStatus Status { get; } = new(
        Revision: 42,
        AppliedAt,
        [new AttachedInterface("eth0", Driver.Native, null)],
        [
            new ServiceStatus("www", ["203.0.113.10 tcp 80", "203.0.113.10 tcp 443", "2001:db8::10 tcp 80"], Web,
                HasServers: true, new Counter(1000, 64_000)),
            new ServiceStatus("dns", ["203.0.113.53 udp 53"], Names, HasServers: false, default),
        ],
        [
            new GroupStatus(Web,
            [
                new ServerStatus("web1", IPAddress.Parse("10.0.0.11"), 1, ServerCondition.Serving, 8191, 5,
                    new Counter(600, 40_000)),
                new ServerStatus("web2", IPAddress.Parse("10.0.0.12"), 2, ServerCondition.Draining, 8190, 9,
                    new Counter(400, 24_000)),
            ]),
            new GroupStatus(Names,
            [
                new ServerStatus("ns1", IPAddress.Parse("2001:db8:2::22"), 1, ServerCondition.Unresolved, 0, 0,
                    default),
            ]),
        ],
        new Dictionary<Decision, Counter>
        {
            [Decision.ArpReply] = new(3, 180),
            [Decision.EchoReply] = default,
            [Decision.NeighbourAdvertisement] = default,
            [Decision.IcmpTooBig] = new(2, 3000),
        },
        new Dictionary<DropReason, Counter>
        {
            [DropReason.NoService] = new(17, 1020),
            [DropReason.TooBigRateLimited] = default,
            [DropReason.AccessDenied] = new(1, 60),
        },
        FlowsEvicted: 0, FragmentsEvicted: 0);

    public static DaemonReport Daemon { get; } = new()
    {
        ProcessId = 4711,
        Started = AppliedAt,
        ConfigurationFile = "/etc/sidestep/edge1.yaml",
    };

    public static RunningStatus Running { get; } =
        new(Status, EngineKind.Xdp, Daemon, IsRunning: true, Health: null);

    public static ServerHealthReport HealthyServer { get; } = new()
    {
        Pool = "web",
        Encap = "l2",
        Name = "web1",
        Address = "10.0.0.11",
        Healthy = true,
        DsrPath = "up",
        Service = "up",
    };

    public static HealthReport Health(params ServerHealthReport[] servers) => new()
    {
        At = AppliedAt,
        Probes = new ProbeStats { Checks = 3, Started = 100, InFlight = 1, Skipped = 2 },
        Servers = [.. servers],
    };
}
