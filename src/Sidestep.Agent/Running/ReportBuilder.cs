using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Sidestep.Agent.Host;
using Sidestep.Agent.Output;
using Sidestep.Api;
using Sidestep.Native;
using Sidestep.Native.Netlink;

namespace Sidestep.Agent.Running;

/// <summary>What an agent tells of its host beside conditions: counters, listeners, routes, devices, filters.</summary>
internal sealed class ReportBuilder(TimeProvider time)
{
    public const int MaxListeners = 512, MaxDevices = 128, MaxAddresses = 256, MaxHints = 32;
    private static readonly TimeSpan HintsInterval = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ToolTimeout = TimeSpan.FromSeconds(5);

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
    private DateTimeOffset _nextHints;

    public static string Version { get; } = typeof(ReportBuilder).Assembly.GetName().Version?.ToString(3) ?? "";

    /// <param name="verification">What was verified.</param>
    /// <param name="host">The host.</param>
    /// <param name="socket">Of the namespace.</param>
    public AgentReport Build(Verification verification, HostInventory host, NetlinkSocket socket)
    {
        var now = time.GetUtcNow();
        if (now >= _nextHints)
        {
            _nextHints = now + HintsInterval;
            _hints = FilterHints();
        }
        return new AgentReport
        {
            AgentVersion = Version,
            HostName = Environment.MachineName,
            OperatingSystem = "linux",
            Kernel = Kernel.Release.ToString(),
            WallClock = now,
            Instance = _instance,
            Conditions = [.. verification.Conditions],
            Counters = Counters(verification),
            Traffic = [.. verification.Traffic],
            Listeners = Listeners(),
            DefaultRoutes = DefaultRoutes(host, socket),
            Devices = Devices(host),
            FilterHints = _hints,
        };
    }

    private static ImmutableDictionary<string, long> Counters(Verification verification)
    {
        var counters = ImmutableDictionary.CreateBuilder<string, long>();
        foreach (var (counter, value) in verification.Counters ?? new Dictionary<Programs.PacketCounter, ulong>())
            counters[JsonNamingPolicy.CamelCase.ConvertName(counter.ToString())] = (long)value;
        foreach (var file in KernelCounters.GroupBy(static c => c.File))
        {
            var lines = File.ReadAllLines("/proc/self/net/" + file.Key);
            foreach (var (_, group, field, name) in file)
            {
                if (Value(lines, group + ":", field) is { } value)
                    counters[name] = value;
            }
        }
        return counters.ToImmutable();
    }

    /// <summary>Two lines a group: names, then values.</summary>
    private static long? Value(string[] lines, string group, string field)
    {
        for (var i = 0; i + 1 < lines.Length; i++)
        {
            if (!lines[i].StartsWith(group, StringComparison.Ordinal) || !lines[i + 1].StartsWith(group, StringComparison.Ordinal))
                continue;
            var at = Array.IndexOf(lines[i].Split(' '), field);
            return at < 0 ? null : long.Parse(lines[i + 1].Split(' ')[at], CultureInfo.InvariantCulture);
        }
        return null;
    }

    private static ImmutableArray<Listener> Listeners()
    {
        try
        {
            return [.. ListeningSockets.List(MaxListeners).Select(static l => new Listener(l.Protocol, l.Address, l.Port))];
        }
        catch (NativeException)
        {
            // A kernel without inet_diag: the doctor is told of no listeners at all, and says that it could not look.
            return [];
        }
    }

    private static ImmutableArray<DefaultRoute> DefaultRoutes(HostInventory host, NetlinkSocket socket)
    {
        var neighbours = host.DefaultRoutes.Count == 0 ? [] : Neighbours.List(socket);
        return [.. host.DefaultRoutes.Select(r => new DefaultRoute(r.Family == System.Net.Sockets.AddressFamily.InterNetwork ? 4 : 6, host.NameOf(r.InterfaceIndex), r.Gateway,
            neighbours.FirstOrDefault(n => n.InterfaceIndex == r.InterfaceIndex && n.IsValid && n.Address.Equals(r.Gateway)) is { Mac.Length: 6 } known ? Mac(known.Mac) : null))];
    }

    private static ImmutableArray<Device> Devices(HostInventory host) => [.. host.Interfaces.Take(MaxDevices).Select(i => new Device(i.Name,
        i.Address.Length == 6 ? Mac(i.Address) : "", i.MtuBytes, i.IsUp,
        [.. host.Addresses.Where(a => a.InterfaceIndex == i.Index).Take(MaxAddresses).Select(static a => $"{a.Address}/{a.PrefixLength}")],
        [.. EthtoolOffloads.Enabled(i.Name)]))];

    private static string Mac(ReadOnlyMemory<byte> address) => string.Join(':', address.ToArray().Select(static b => b.ToString("x2", CultureInfo.InvariantCulture)));

    private static ImmutableArray<string> FilterHints()
    {
        var hints = new List<string>();
        if (ReadNumber("/proc/sys/net/netfilter/nf_conntrack_count") is { } entries && ReadNumber("/proc/sys/net/netfilter/nf_conntrack_max") is { } max && max > 0 && entries * 10 > max * 9)
            hints.Add($"conntrack is nearly full: {entries} of {max}");
        if (ReadNumber("/proc/sys/net/netfilter/nf_conntrack_tcp_loose") == 0)
            hints.Add("conntrack takes no TCP connection whose beginning it has not seen (nf_conntrack_tcp_loose 0)");
        hints.AddRange(Ruleset().Select(static l => l.Trim()).Where(static l =>
            l.Contains(" drop", StringComparison.Ordinal) || l.Contains("reject", StringComparison.Ordinal) || l.StartsWith("drop", StringComparison.Ordinal)
            || l.Contains("policy drop", StringComparison.Ordinal)).Select(static l => "nftables: " + l));
        return [.. hints.Take(MaxHints)];
    }

    private static string[] Ruleset()
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo("nft", ["list", "ruleset"]) { RedirectStandardOutput = true, RedirectStandardError = true });
            if (process is null)
                return [];
            var text = process.StandardOutput.ReadToEndAsync();
            if (!process.WaitForExit(ToolTimeout))
            {
                process.Kill();
                return [];
            }
            return text.GetAwaiter().GetResult().Split('\n');
        }
        catch (System.ComponentModel.Win32Exception)
        {
            // nft is not installed.
            return [];
        }
    }

    private static long? ReadNumber(string path)
    {
        try
        {
            return long.TryParse(File.ReadAllText(path), CultureInfo.InvariantCulture, out var value) ? value : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
