using System.Collections.Immutable;
using System.Globalization;
using System.Net.Sockets;
using System.Text.Json;
using Sidestep.Agent.Host;
using Sidestep.Agent.Output;
using Sidestep.Agent.Programs;
using Sidestep.Api;
using Sidestep.Native;

namespace Sidestep.Agent.Running;

/// <summary>Builds the report about this host: conditions, counters, listeners, routes, devices and packet
/// filters.</summary>
internal sealed class ReportBuilder(IReportSource source, TimeProvider time)
{
    public const int MaxListeners = 512, MaxDevices = 128, MaxAddresses = 256;

    /// <summary>Listing the rules of nftables starts a process, so it is done less often than reports are
    /// sent.</summary>
    private static readonly TimeSpan HintsInterval = TimeSpan.FromSeconds(30);

    private static readonly (string File, string Group, string Field, string Name)[] KernelCounters =
    [
        ("netstat", "TcpExt", "IPReversePathFilter", AgentCounterNames.ReversePathFilter),
        ("netstat", "TcpExt", "ListenDrops", AgentCounterNames.ListenDrops),
        ("netstat", "TcpExt", "ListenOverflows", AgentCounterNames.ListenOverflows),
        ("snmp", "Tcp", "OutRsts", AgentCounterNames.ResetsSent),
        ("snmp", "Tcp", "InCsumErrors", AgentCounterNames.TcpChecksumErrors),
        ("snmp", "Udp", "InCsumErrors", AgentCounterNames.UdpChecksumErrors),
        ("snmp", "Udp", "NoPorts", AgentCounterNames.UdpNoPorts),
    ];

    private readonly string _instance = Guid.NewGuid().ToString("n")[..12];
    private ImmutableArray<string> _hints = [];
    private TimeSpan _nextHints;

    /// <summary>Version of this agent: major.minor.patch.</summary>
    public static string Version { get; } = typeof(ReportBuilder).Assembly.GetName().Version?.ToString(3) ?? "";

    /// <summary>A report without the values that <see cref="Reporter"/> adds.</summary>
    public AgentReport Build(Verification verification, HostInventory host)
    {
        var now = time.Monotonic();
        if (now >= _nextHints)
        {
            _nextHints = now + HintsInterval;
            _hints = FilterHints.Find(source);
        }
        return new AgentReport
        {
            AgentVersion = Version,
            HostName = Environment.MachineName,
            OperatingSystem = "linux",
            Kernel = Kernel.Release.ToString(),
            WallClock = time.GetUtcNow(),
            Instance = _instance,
            Conditions = [.. verification.Conditions],
            Counters = Counters(verification.Counters),
            Traffic = [.. verification.Traffic],
            Listeners = [.. (source.Listeners(MaxListeners) ?? [])
                .Select(static l => new Listener(l.Protocol, l.Address, l.Port))],
            DefaultRoutes = DefaultRoutes(host),
            Devices = Devices(host),
            FilterHints = _hints,
        };
    }

    /// <summary>Reads a field from a file with two lines per group: field names, then values, each after
    /// <c>Group:</c>.</summary>
    /// <returns>Null: the kernel does not have this field.</returns>
    internal static long? Value(IReadOnlyList<string> lines, string group, string field)
    {
        var prefix = group + ":";
        for (var i = 0; i + 1 < lines.Count; i++)
        {
            if (!lines[i].StartsWith(prefix, StringComparison.Ordinal)
                || !lines[i + 1].StartsWith(prefix, StringComparison.Ordinal))
            {
                continue;
            }
            var at = Array.IndexOf(lines[i].Split(' '), field);
            return at < 0 ? null : long.Parse(lines[i + 1].Split(' ')[at], CultureInfo.InvariantCulture);
        }
        return null;
    }

    private ImmutableDictionary<string, long> Counters(IReadOnlyDictionary<PacketCounter, ulong>? packets)
    {
        var counters = ImmutableDictionary.CreateBuilder<string, long>();
        foreach (var (counter, value) in packets ?? new Dictionary<PacketCounter, ulong>())
            counters[JsonNamingPolicy.CamelCase.ConvertName(counter.ToString())] = (long)value;
        foreach (var file in KernelCounters.GroupBy(static c => c.File))
        {
            var lines = source.ReadCounters(file.Key);
            foreach (var (_, group, field, name) in file)
            {
                if (Value(lines, group, field) is { } value)
                    counters[name] = value;
            }
        }
        return counters.ToImmutable();
    }

    private ImmutableArray<DefaultRoute> DefaultRoutes(HostInventory host)
    {
        var neighbours = host.DefaultRoutes.Count == 0 ? [] : source.Neighbours();
        return [.. host.DefaultRoutes.Select(r =>
        {
            var gateway = neighbours.FirstOrDefault(n =>
                n.InterfaceIndex == r.InterfaceIndex && n.IsValid && n.Address.Equals(r.Gateway));
            return new DefaultRoute(r.Family == AddressFamily.InterNetwork ? 4 : 6, host.NameOf(r.InterfaceIndex),
                r.Gateway, gateway is { Mac.Length: 6 } ? MacText(gateway.Mac) : null);
        })];
    }

    private ImmutableArray<Device> Devices(HostInventory host) => [.. host.Interfaces.Take(MaxDevices)
        .Select(i => new Device(i.Name, i.Address.Length == 6 ? MacText(i.Address) : "", i.MtuBytes, i.IsUp,
            [.. host.Addresses.Where(a => a.InterfaceIndex == i.Index).Take(MaxAddresses)
                .Select(static a => $"{a.Address}/{a.PrefixLength}")],
            [.. source.Offloads(i.Name)]))];

    private static string MacText(ReadOnlyMemory<byte> address) => string.Join(':',
        address.ToArray().Select(static b => b.ToString("x2", CultureInfo.InvariantCulture)));
}
