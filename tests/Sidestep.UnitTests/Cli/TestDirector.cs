using System.Net;
using Sidestep.Api;
using Sidestep.Api.Status;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.UnitTests.Cli;

/// <summary>A director with two services, two pools and three servers.</summary>
internal static class TestDirector
{
    public static readonly DateTimeOffset AppliedAt = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    public static GroupKey Web { get; } = new(PoolKey.InDefault("web"), Encap.Layer2);

    public static GroupKey Names { get; } = new(PoolKey.InDefault("names"), new Encap(ForwardingMode.Gue, 6081));

    public static DirectorStatus Status { get; } = new()
    {
        Director = "edge1",
        Source = StatusSource.Daemon,
        Engine = EngineKind.Xdp,
        Revision = 42,
        AppliedAt = AppliedAt,
        Daemon = new DaemonStatus
        {
            Running = true,
            ProcessId = 4711,
            Version = "0.1.0",
            Started = AppliedAt,
            ConfigurationFile = "/etc/sidestep/edge1.yaml",
        },
        Interfaces = [new InterfaceStatus("eth0", InterfaceDriver.Native, null)],
        Services =
        [
            new ServiceStatus("www", ["203.0.113.10 tcp 80", "203.0.113.10 tcp 443", "2001:db8::10 tcp 80"], "web",
                "l2", HasServers: true, 1000, 64_000),
            new ServiceStatus("dns", ["203.0.113.53 udp 53"], "names", "gue:6081", HasServers: false, 0, 0),
        ],
        Pools =
        [
            new PoolStatus("web", "l2",
            [
                new ServerStatus("web1", IPAddress.Parse("10.0.0.11"), 1, ServerCondition.Serving, 8191, 5, 600,
                    40_000),
                new ServerStatus("web2", IPAddress.Parse("10.0.0.12"), 2, ServerCondition.Draining, 8190, 9, 400,
                    24_000),
            ]),
            new PoolStatus("names", "gue:6081",
            [
                new ServerStatus("ns1", IPAddress.Parse("2001:db8:2::22"), 1, ServerCondition.Unresolved, 0, 0, 0, 0),
            ]),
        ],
        Responses = new Dictionary<string, PacketCounter>
        {
            ["arp-reply"] = new(3, 180),
            ["echo-reply"] = new(0, 0),
            ["neighbour-advertisement"] = new(0, 0),
            ["icmp-too-big"] = new(2, 3000),
        },
        Drops = new Dictionary<string, PacketCounter>
        {
            ["no-service"] = new(17, 1020),
            ["too-big-rate-limited"] = new(0, 0),
            ["access-denied"] = new(1, 60),
        },
    };

    public static ServerHealthReport HealthyServer { get; } = new()
    {
        Pool = "web",
        Encap = "l2",
        Name = "web1",
        Address = IPAddress.Parse("10.0.0.11"),
        Healthy = true,
        DsrPath = HealthStatus.Up,
        Service = HealthStatus.Up,
    };

    public static HealthReport Health(params ServerHealthReport[] servers) => new()
    {
        At = AppliedAt,
        Probes = new ProbeStats { Checks = 3, Started = 100, InFlight = 1, Skipped = 2 },
        Servers = [.. servers],
    };

    /// <summary>An agent that reports a wrong condition and a note.</summary>
    public static AgentStatus Agent { get; } = new()
    {
        Server = "web1",
        Connected = true,
        LastReport = AppliedAt,
        Version = "0.1.0",
        AdminState = AdminStates.Draining,
        Conditions =
        [
            new Condition(ConditionNames.Vip, "203.0.113.10", ConditionStatus.Wrong, "absent", "on lo", "add it"),
            new Condition(ConditionNames.ArpIgnore, "", ConditionStatus.Note, "1", "2", ""),
        ],
    };

    public static VipConflict Conflict { get; } = new(IPAddress.Parse("203.0.113.10"), "02:00:00:00:00:99", "eth0",
        "web2", "server", AppliedAt, AppliedAt, 3);

    /// <summary>Every optional part is present.</summary>
    public static DirectorStatus Full { get; } = Status with
    {
        Engine = EngineKind.Managed,
        Daemon = Status.Daemon with { Otlp = new OtlpStatus("https://collector.example:4318", 7, 2, AppliedAt) },
        Interfaces = [new InterfaceStatus("eth0", InterfaceDriver.AfXdp, true)],
        Workers = [new WorkerStatus("sidestep-rx0", 10, 9, 8, 7)],
        Health = Health(HealthyServer with
        {
            Checks =
            [
                new HealthCheckReport
                {
                    Monitor = "tcp",
                    Target = "203.0.113.10 80",
                    ProbePath = "dsr-path",
                    Status = HealthStatus.Up,
                },
            ],
        }),
        Agents = [Agent, new AgentStatus { Server = "web2" }],
        AddressConflicts = [Conflict, Conflict with { Host = null, Kind = "unknown-host" }],
    };

    /// <summary>What the pinned tables tell.</summary>
    public static DirectorStatus Pinned { get; } =
        Status with { Source = StatusSource.PinnedTables, Daemon = DaemonStatus.NotRunning };
}
