using System.Collections.Immutable;
using System.Net;
using Sidestep.Model;

namespace Sidestep.UnitTests.Model;

/// <summary>Configurations with random values, each valid on its own; the rules between values are not kept.</summary>
internal sealed class RandomConfiguration(int seed)
{
    private const string NameCharacters = "abcdefghijklmnopqrstuvwxyz0123456789-_";

    private static readonly string[] TrickyNames =
        ["true", "null", "no", "1e5", "0", "12", "0x1f", "1-2", "y", "off", "0o7", "1_000", "inf", "a"];

    private readonly Random _random = new(seed);

    internal Configuration Next() => new()
    {
        Node = Node(),
        Group = Group(),
        NetworkProfiles = Many(4, Profile),
        HealthMonitors = Many(8, Monitor),
        Pools = Many(4, NextPool),
        AccessLists = Many(3, () => new AccessList
        {
            Name = Name(),
            Metadata = Labels(),
            Allow = Many(30, Prefix),
            Deny = Many(3, Prefix),
        }),
        Vips = Many(3, () => new Vip(Prefix(), Any<EchoPolicy>()) { Metadata = Labels() }),
        VirtualServices = Many(5, Service),
    };

    private NodeSettings Node() => new()
    {
        Name = Name(),
        Interfaces = [new DirectorInterface("eth0", Any<Driver>()), .. Many(3, () =>
            new DirectorInterface($"e{Number(0, 99)}", Any<Driver>()))],
        Engine = Any<EngineKind>(),
        OnExit = Any<ExitAction>(),
        PinPath = Or("/sys/fs/bpf/sidestep", FilePath),
        Api = Maybe(() => new ApiSettings
        {
            Listen = [new IPEndPoint(Address(), Number(1, 65535))],
            Tls = Maybe(() => new TlsFiles(FilePath(), FilePath(), FilePath())),
        }),
        Metrics = Maybe(() => Flag()
            ? new MetricsSettings { Listen = [new IPEndPoint(IPAddress.IPv6Loopback, Number(1, 65535))] }
            : new MetricsSettings
            {
                Listen = [new IPEndPoint(Address(), Number(1, 65535))],
                Tls = new TlsFiles(FilePath(), FilePath(), FilePath()),
                PerServer = Flag(),
            }),
        Otlp = Maybe(() => new OtlpSettings
        {
            Endpoint = $"https://collector.example:{Number(1, 65535)}",
            Protocol = Any<OtlpProtocol>(),
            Interval = TimeSpan.FromMilliseconds(Number(1000, 3_600_000)),
            HeadersFile = Maybe(FilePath),
            CaFile = Maybe(FilePath),
            PerServer = Flag(),
        }),
        Management = Maybe(() => Flag()
            ? new ManagementSettings { Listen = [new IPEndPoint(IPAddress.IPv6Loopback, Number(1, 65535))] }
            : new ManagementSettings
            {
                Listen = [new IPEndPoint(Address(), Number(1, 65535))],
                Tls = new ServerTlsFiles(FilePath(), FilePath(), Maybe(FilePath)),
            }),
    };

    private GroupSettings Group() => new()
    {
        HashKey = new HashKey((ulong)_random.NextInt64(), (ulong)_random.NextInt64()),
        Peers = Many(3, Address),
        FlowTableSize = Or(262_144, () => Number(1024, Limits.FlowTableSize)),
        OnNoService = Any<RejectPolicy>(),
        ConflictDetection = new ConflictDetectionSettings(Flag(), Flag()),
    };

    private NetworkProfile Profile() => new()
    {
        Name = Name(),
        Metadata = Labels(),
        Type = Flag() ? Any<ProfileType>() : null,
        DsrType = Any<DsrType>(),
        Encapsulation = Any<Encapsulation>(),
        GuePort = Or(NetworkProfile.DefaultGuePort, () => Number(1, 65535)),
        OuterSource4 = Flag() ? IPNetwork.Parse($"198.{Number(18, 19)}.0.0/16") : null,
        OuterSource6 = Flag() ? IPNetwork.Parse($"2001:db8:{Number(1, 9)}::/64") : null,
        Oversized = Any<OversizedPolicy>(),
        IdleTimeouts = new IdleTimeouts(Or(3600, Seconds), Or(120, Seconds), Or(2, Seconds), Flag() ? Seconds() : null,
            Flag() ? Seconds() : null),
        UdpOnRebalance = Any<UdpRebalancePolicy>(),
    };

    private HealthMonitor Monitor()
    {
        var type = Any<MonitorType>();
        bool isHttp = type is MonitorType.Http or MonitorType.Https;
        string? host = isHttp && Flag() ? "www.example" : null;
        return new HealthMonitor
        {
            Name = Name(),
            Metadata = Labels(),
            Type = type,
            Probe = Any<ProbePath>(),
            Interval = TimeSpan.FromMilliseconds(Number(100, 3_600_000)),
            Timeout = TimeSpan.FromMilliseconds(Number(50, 3_600_000)),
            Rise = Number(1, 100),
            Fall = Number(1, 100),
            JitterPercent = Number(0, 50),
            Port = Flag() ? Number(1, 65535) : null,
            Send = type is MonitorType.Tcp or MonitorType.Udp ? Maybe(Bytes) : null,
            Expect = type is MonitorType.Tcp or MonitorType.Udp ? Maybe(Bytes) : null,
            Http = !isHttp ? null : new HttpExpectation("/" + Name(), host,
                Flag() ? [new PortRange(200, 399)] : [new PortRange(204, 204), new PortRange(300, 302)], Maybe(Bytes)),
            Tls = type != MonitorType.Https ? null
                : new TlsExpectation(Any<TlsCheck>(), Maybe(FilePath), Flag() ? "other.example" : host),
            Dns = type != MonitorType.Dns ? null : new DnsExpectation("a.example", Any<DnsRecordType>(),
                _random.GetItems([0, 3, 5], 1)[0], Maybe(Address)),
            Command = type != MonitorType.Command ? [] : [FilePath(), .. Many(3, Bytes)],
        };
    }

    private Pool NextPool() => new()
    {
        Name = Name(),
        Metadata = Labels(),
        Algorithm = Any<Algorithm>(),
        HashFields = Any<HashFields>(),
        FragmentTracking = Flag(),
        Slots = SlotCounts.All[_random.Next(SlotCounts.All.Length)],
        Persistence = Maybe(() => new Persistence(Seconds(), Or(32, () => Number(1, 32)), Or(128, () =>
            Number(1, 128)))),
        MinServers = Or(1, () => Number(1, 9)),
        Drain = new Drain(Or(3600, Seconds), Any<DrainDeadlineAction>()),
        Monitors = Flag() ? Many(3, Name) : null,
        MinHealthyMonitors = new MinHealthyMonitors(Number(0, 8)),
        PanicThreshold = Or(Pool.DefaultPanicThreshold, () => Number(0, 100)),
        Admission = new Admission(Flag()),
        AllowUnverifiedDsrPath = Flag(),
        FallbackToDraining = Flag(),
        Servers = Many(9, () => new RealServer
        {
            Name = Name(),
            Metadata = Labels(),
            Address = Address(),
            Weight = Or(1, () => Number(0, 1000)),
            State = Any<ServerState>(),
            Backup = Flag(),
            Encapsulation = Flag() ? Any<Encapsulation>() : null,
            Os = Any<OperatingSystemKind>(),
        }),
    };

    private VirtualService Service()
    {
        var protocol = Any<TransportProtocol>();
        int first = Number(1, 60_000);
        ImmutableArray<PortRange> ports = protocol == TransportProtocol.Any ? [PortRange.Any] : _random.Next(4) switch
        {
            0 => [PortRange.Any],
            1 => [new PortRange((ushort)first, (ushort)(first + 99))],
            2 => [PortRange.One(first), new PortRange((ushort)(first + 1), (ushort)(first + 9))],
            _ => [PortRange.One(first)],
        };
        return new VirtualService
        {
            Name = Name(),
            Metadata = Labels(),
            Vips = [Prefix(), .. Many(3, Prefix)],
            Protocol = protocol,
            Ports = ports,
            Pool = Name(),
            NetworkProfile = Maybe(Name),
            AccessList = Maybe(Name),
            OncePerDatagram = Flag(),
            OnNoServer = Any<RejectPolicy>(),
            Enabled = Flag(),
            TrafficEnabled = Flag(),
        };
    }

    private Metadata Labels() => Flag() ? Metadata.None : new Metadata(
        Metadata.NoTexts.SetItems(Many(3, () => KeyValuePair.Create(Key(), Flag() ? "" : $"1.{Number(0, 9)}0"))),
        Metadata.NoTexts.SetItems(Many(3, () => KeyValuePair.Create(Key(), FilePath() + " \u00e9\u20ac\ud83d\ude00"))));

    private string Key() => (Flag() ? "example.com/" : "") + _random.GetItems(["true", "A_b.c", "0", "null"], 1)[0];

    private ImmutableArray<T> Many<T>(int most, Func<T> next) =>
        [.. Enumerable.Range(0, _random.Next(most + 1)).Select(_ => next())];

    private T? Maybe<T>(Func<T> next)
        where T : class => Flag() ? next() : null;

    private T Or<T>(T usual, Func<T> next) => Flag() ? usual : next();

    private bool Flag() => _random.Next(2) == 0;

    private int Number(int least, int most) => _random.Next(least, most + 1);

    private int Seconds() => Number(1, Limits.Seconds);

    private T Any<T>()
        where T : struct, Enum => Enum.GetValues<T>()[_random.Next(Enum.GetValues<T>().Length)];

    private string Name() => Flag() ? TrickyNames[_random.Next(TrickyNames.Length)]
        : "n" + new string(_random.GetItems<char>(NameCharacters, _random.Next(Limits.NameLength)));

    private string FilePath() => "/" + new string(_random.GetItems<char>("abc!\"#%&'*,:=?@[]{}|~`-", Number(1, 40)));

    private string Bytes() => new([.. Enumerable.Range(0, Number(1, 20)).Select(_ => (char)_random.Next(256))]);

    private IPAddress Address() => Flag() ? new IPAddress([10, (byte)Number(0, 255), 0, (byte)Number(0, 255)])
        : IPAddress.Parse($"2001:db8:{Number(0, 9)}:{Number(0, 9)}:{Number(0, 1)}:{Number(0, 9):x}::{Number(0, 1)}");

    private IPNetwork Prefix() => _random.Next(3) switch
    {
        0 => IPNetwork.Parse($"198.51.{Number(0, 255)}.0/24"),
        1 => IPNetwork.Parse($"203.0.113.{Number(1, 254)}/32"),
        _ => IPNetwork.Parse($"2001:db8:{Number(1, 999)}::/48"),
    };
}
