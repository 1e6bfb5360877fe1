using System.Globalization;
using Sidestep.Native;

namespace Sidestep.Benchmarks.Veth;

/// <summary>
/// Two network namespaces: that of the forwarders, and the outside. Each forwarder has a veth pair of its own, so that
/// nothing is attached or detached between two rounds.
/// </summary>
/// <remarks>The names contain the process id, so that the next process can remove what a killed one left.</remarks>
internal sealed class Testbed : IDisposable
{
    private const string Folder = "/run/netns", Prefix = "ssb-", Pins = "/sys/fs/bpf", PinPrefix = "sidestep-bench-";

    private static readonly string Owner = Environment.ProcessId.ToString(CultureInfo.InvariantCulture);

    private readonly Lock _removing = new();
    private bool _removed;

    internal Testbed()
    {
        RemoveStale();
        foreach (var name in (string[])[ForwarderNamespace, GeneratorNamespace])
        {
            SystemCommand.Run(["ip", "netns", "add", name]);
            // Packets that the kernel sends by itself would be counted, too.
            Enter(name);
            File.WriteAllText("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1");
        }
    }

    /// <summary>The namespace of the forwarders.</summary>
    internal static string ForwarderNamespace { get; } = Prefix + Owner + "-director";

    /// <summary>The namespace that packets come from and return to.</summary>
    internal static string GeneratorNamespace { get; } = Prefix + Owner + "-outside";

    /// <summary>The folder in which the director is pinned.</summary>
    internal static string PinPath { get; } = Path.Combine(Pins, PinPrefix + Owner);

    /// <summary>Moves this thread into a namespace.</summary>
    internal static void Enter(string name) => Kernel.EnterNetworkNamespace(Path.Combine(Folder, name));

    /// <summary>The command line that runs a command in a namespace.</summary>
    internal static string[] InNamespace(string name, params ReadOnlySpan<string> command) =>
        ["nsenter", $"--net={Folder}/{name}", .. command];

    /// <summary>Creates a veth pair; both ends have the same name, each in its namespace.</summary>
    internal static VethPair CreateVeth(string name)
    {
        SystemCommand.Run([
            "ip", "-n", ForwarderNamespace, "link", "add", name, "address", Workloads.DirectorMac.ToString(), "type",
                "veth",
            "peer", "name", name, "address", Workloads.RouterMac.ToString(), "netns", GeneratorNamespace]);
        int Up(string side)
        {
            SystemCommand.Run(["ip", "-n", side, "link", "set", name, "up"]);
            Enter(side);
            return Kernel.InterfaceIndex(name) ?? throw new BenchmarkException($"{name} is not in {side}");
        }
        return new VethPair(name, Up(ForwarderNamespace), Up(GeneratorNamespace));
    }

    public void Dispose()
    {
        lock (_removing)
        {
            if (_removed)
                return;
            _removed = true;
            Remove(Owner);
        }
    }

    private static void RemoveStale()
    {
        var owners = Names(Folder, Prefix).Select(static n => n.Split('-')[0])
            .Concat(Names(Pins, PinPrefix)).Distinct();
        foreach (var owner in owners.Where(static o => o.All(char.IsAsciiDigit) && !Directory.Exists($"/proc/{o}")))
            Remove(owner);
    }

    private static IEnumerable<string> Names(string folder, string prefix) => Directory.Exists(folder)
        ? [.. Directory.EnumerateFileSystemEntries(folder, prefix + "*")
            .Select(p => Path.GetFileName(p)[prefix.Length..])]
        : [];

    private static void Remove(string owner)
    {
        if (Path.Combine(Pins, PinPrefix + owner) is var pins && Directory.Exists(pins))
            Directory.Delete(pins, recursive: true);
        foreach (var name in Names(Folder, $"{Prefix}{owner}-"))
            SystemCommand.Try(["ip", "netns", "delete", $"{Prefix}{owner}-{name}"]);
    }
}

/// <summary>A veth pair of the testbed.</summary>
/// <param name="Name">Name of both ends.</param>
/// <param name="ForwarderIndex">Interface index of the forwarder's end.</param>
/// <param name="GeneratorIndex">Interface index of the outer end, which packets are sent into and arrive at.</param>
internal sealed record VethPair(string Name, int ForwarderIndex, int GeneratorIndex);
