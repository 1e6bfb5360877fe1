using System.Collections.Immutable;
using System.Globalization;
using Sidestep.Model;

namespace Sidestep.Forwarding.Drivers;

/// <summary>Selects the best driver for an interface and says why no better one works. Pure: it depends on the
/// capabilities alone.</summary>
/// <param name="Interface">Name of the interface.</param>
/// <param name="Chosen">The selected driver; null: none works.</param>
/// <param name="Drivers">All drivers of both engines, the best first.</param>
/// <param name="Notes">Hints that do not prevent the selected driver from working.</param>
public sealed record DriverSelection(
    string Interface, Driver? Chosen, ImmutableArray<DriverSupport> Drivers, ImmutableArray<Obstacle> Notes)
{
    /// <summary>The largest MTU, in bytes, whose frames fit one page with XDP's headroom and tailroom (veth and most
    /// drivers).</summary>
    public const int MaxMtu = 3506;

    /// <summary>The most queues that the managed engine serves by AF_XDP.</summary>
    public const int MaxQueues = 16;

    private static readonly Version OldestKernel = new(6, 1);

    /// <summary>The engine of the selected driver; null: none works.</summary>
    public EngineKind? Engine => Chosen?.Engine();

    /// <summary>Selects the best driver that works with these capabilities.</summary>
    /// <param name="capabilities">Capabilities of the interface and the machine.</param>
    /// <param name="engine">Selects among the drivers of this engine; <see cref="EngineKind.Auto"/>: of both.</param>
    public static DriverSelection Of(InterfaceCapabilities capabilities, EngineKind engine = EngineKind.Auto)
    {
        ArgumentNullException.ThrowIfNull(capabilities);
        Obstacle[] common = [.. CommonObstacles(capabilities)];
        Obstacle[] bpf = [.. common, .. BpfObstacles(capabilities)];
        Obstacle[] native = [.. bpf, .. NativeObstacles(capabilities)];
        ImmutableArray<DriverSupport> drivers =
        [
            SupportOf(Driver.Native, [.. native]),
            SupportOf(Driver.Generic, [.. bpf, .. GenericObstacles(capabilities)]),
            SupportOf(Driver.AfXdp, [.. native, .. AfXdpObstacles(capabilities)]),
            SupportOf(Driver.AfPacket, [.. common, .. AfPacketObstacles(capabilities)]),
        ];
        var chosen = drivers.FirstOrDefault(d => d.Works && (engine == EngineKind.Auto || d.Driver.Engine() == engine));
        return new DriverSelection(capabilities.Name, chosen?.Driver, drivers,
            [.. NotesOn(capabilities, chosen?.Driver)]);
    }

    /// <summary>Why the better drivers of the same engine do not work, in one line; null: there is no better one, or
    /// nothing prevents it.</summary>
    /// <param name="driver">The driver in use.</param>
    public string? FallbackReason(Driver driver) =>
        Text(Drivers.TakeWhile(d => d.Driver != driver).Where(d => d.Driver.Engine() == driver.Engine()));

    /// <summary>Why no driver of an engine works, in one line; null: at least one works.</summary>
    public string? RejectionReason(EngineKind engine)
    {
        var drivers = Drivers.Where(d => d.Driver.Engine() == engine).ToArray();
        return drivers.Any(static d => d.Works) ? null : Text(drivers);
    }

    private static string? Text(IEnumerable<DriverSupport> drivers)
    {
        var obstacles = drivers.SelectMany(static d => d.Obstacles).Distinct().ToArray();
        return obstacles.Length == 0 ? null : string.Join("; ",
            obstacles.Select(static o => o.Remedy is null ? o.Reason : $"{o.Reason} (remedy: {o.Remedy})"));
    }

    /// <summary>The kernel's name of the link kind of a bond.</summary>
    public const string Bond = "bond";

    /// <summary>Why a bond cannot use AF_XDP: xsk_rcv_check of the kernel compares device and queue of a frame with
    /// those of the socket.</summary>
    public const string BondHasNoSockets =
        "it is a bond, and AF_XDP receives frames by the queues of its ports, where sockets of the bond get none";

    /// <summary>If one obstacle has no remedy, the remedies of the others are useless, and so are left out.</summary>
    private static DriverSupport SupportOf(Driver driver, ImmutableArray<Obstacle> obstacles) => new(
        driver, obstacles.Any(static o => o.Remedy is null)
            ? [.. obstacles.Select(static o => o with { Remedy = null })] : obstacles);

    private static IEnumerable<Obstacle> CommonObstacles(InterfaceCapabilities capabilities)
    {
        if (capabilities.OtherInterfaces is { } others)
        {
            yield return new(
                $"there is no interface '{capabilities.Name}'; this machine has {string.Join(", ", others)}", null);
        }
        else if (!capabilities.IsEthernet)
            yield return new("its frames have no Ethernet header", null);
        if (capabilities.MasterKind is "bond" or "team")
        {
            yield return new($"it is a port of '{capabilities.Master}', which receives its frames",
                $"write {capabilities.Master} in node.interfaces");
        }
    }

    private static IEnumerable<Obstacle> BpfObstacles(InterfaceCapabilities capabilities)
    {
        if (capabilities.MissingBpfCapabilities is { Count: > 0 } missing)
        {
            yield return new($"missing {string.Join(" and ", missing)}",
                $"run it as root, or give its unit AmbientCapabilities={string.Join(' ', missing)} CAP_NET_RAW");
        }
        if (!capabilities.HasLibbpf)
            yield return new("libbpf.so.1 is missing", "apt-get install libbpf1");
        if (capabilities.Kernel is var kernel && kernel < OldestKernel)
        {
            yield return new(
                $"Linux {kernel.Major}.{kernel.Minor} is older than {OldestKernel}",
                $"run Linux {OldestKernel} or newer");
        }
    }

    private static IEnumerable<Obstacle> NativeObstacles(InterfaceCapabilities capabilities)
    {
        if (capabilities.SupportsXdp == false)
        {
            yield return new(
                $"the driver {capabilities.DeviceDriver ?? capabilities.Kind ?? "of the device"} has no XDP", null);
        }
        if (capabilities.MtuBytes > MaxMtu)
        {
            yield return new(string.Create(CultureInfo.InvariantCulture,
                $"its MTU of {capabilities.MtuBytes} is too large for one page: at most {MaxMtu}"),
                $"ip link set dev {capabilities.Name} mtu 1500");
        }
        if (capabilities.HasLro)
            yield return new("the device merges segments (LRO)", $"ethtool -K {capabilities.Name} lro off");
        if (capabilities.HasHardwareGro)
            yield return new("the device merges segments (hardware GRO)",
                $"ethtool -K {capabilities.Name} rx-gro-hw off");
        if (capabilities.MasterKind == "bridge")
        {
            yield return new(
                $"it is a port of the bridge '{capabilities.Master}', and drops frames to the bridge's MAC address",
                $"ip link set dev {capabilities.Name} nomaster, or write {capabilities.Master} in node.interfaces");
        }
        foreach (var obstacle in GenericObstacles(capabilities))
            yield return obstacle;
    }

    private static IEnumerable<Obstacle> GenericObstacles(InterfaceCapabilities capabilities)
    {
        if (capabilities.OtherProgram is not { } otherProgram)
            yield break;
        var mode = capabilities.OtherProgramIsGeneric ? "xdpgeneric" : "xdpdrv";
        yield return new($"{otherProgram} is attached to it", $"ip link set dev {capabilities.Name} {mode} off");
    }

    private static IEnumerable<Obstacle> AfXdpObstacles(InterfaceCapabilities capabilities)
    {
        if (!capabilities.HasXdpSockets)
            yield return new("the kernel has no AF_XDP", "run a kernel with CONFIG_XDP_SOCKETS");
        if (capabilities.Kind == Bond)
            yield return new(BondHasNoSockets, "driver: af-packet");
        if (capabilities.Queues > MaxQueues)
        {
            yield return new(string.Create(CultureInfo.InvariantCulture,
                $"it has {capabilities.Queues} queues, and at most {MaxQueues} are served"),
                QueueCommand.Of(capabilities.Name, MaxQueues, capabilities.QueuesAreCombined));
        }
    }

    private static IEnumerable<Obstacle> AfPacketObstacles(InterfaceCapabilities capabilities)
    {
        string[] missing =
        [
            .. capabilities.LacksNetRaw ? ["CAP_NET_RAW"] : Array.Empty<string>(),
            .. capabilities.MissingBpfCapabilities.Where(static c => c == "CAP_NET_ADMIN"),
        ];
        if (missing.Length > 0)
        {
            yield return new($"missing {string.Join(" and ", missing)}",
                "run it as root, or give its unit AmbientCapabilities=CAP_NET_RAW CAP_NET_ADMIN");
        }
    }

    private static IEnumerable<Obstacle> NotesOn(InterfaceCapabilities capabilities, Driver? chosen)
    {
        if (capabilities.OtherInterfaces is null && !capabilities.IsUp)
            yield return new("it is down, and receives no frames", $"ip link set dev {capabilities.Name} up");
        if (capabilities.Kind == "veth" && chosen is Driver.Native)
        {
            if (capabilities.PeerAcceptsXdp == false)
            {
                yield return new(
                    "a veth drops frames that XDP sends back unless its other end has an XDP program or GRO",
                    $"ethtool -K {capabilities.Peer} gro on");
            }
            else if (capabilities.PeerAcceptsXdp is null)
            {
                yield return new(
                    "a veth drops frames that XDP sends back unless its other end, which is in another network"
                    + " namespace, has an XDP program or GRO", "there: ethtool -K PEER gro on");
            }
        }
        if (capabilities.Kind == "veth" && chosen is Driver.Native or Driver.AfXdp)
        {
            yield return new(
                "senders on this machine must compute checksums themselves: XDP cannot see a checksum that was"
                + " left to offload", "there: ethtool -K PEER tx off");
        }
        foreach (var note in PerformanceNotes(capabilities, chosen))
            yield return note;
    }

    private static IEnumerable<Obstacle> PerformanceNotes(InterfaceCapabilities capabilities, Driver? chosen)
    {
        var (name, queues, cpus) = (capabilities.Name, capabilities.Queues, capabilities.Cpus);
        if (chosen is Driver.AfXdp && capabilities.SupportsZeroCopy == false)
            yield return new("the device has no zero copy for AF_XDP: the kernel copies every frame", null);
        if (chosen is Driver.AfXdp && capabilities.SupportsZeroCopy == true)
        {
            yield return new(
                "the device offers zero copy for AF_XDP: sidestep status shows whether its queues use it", null);
        }
        if (chosen is Driver.Native && capabilities.DeviceDriver == "virtio_net" && queues < 2 * cpus)
        {
            yield return new("virtio_net sends by XDP without locks only with two queues per CPU",
                string.Create(CultureInfo.InvariantCulture,
                    $"give the machine {2 * cpus} queues, then ethtool -L {name} combined {cpus}"));
        }
        if (queues < cpus && chosen is Driver.Native or Driver.AfXdp)
        {
            yield return new(string.Create(CultureInfo.InvariantCulture,
                $"{queues} of {cpus} CPUs receive frames, one per queue"),
                QueueCommand.Of(name, cpus, capabilities.QueuesAreCombined));
        }
    }
}

/// <summary>The suitability of a driver for an interface.</summary>
/// <param name="Driver">The driver.</param>
/// <param name="Obstacles">Why it does not work; empty: it works.</param>
public sealed record DriverSupport(Driver Driver, ImmutableArray<Obstacle> Obstacles)
{
    /// <summary>True if nothing prevents the driver from working.</summary>
    public bool Works => Obstacles.IsEmpty;
}

/// <summary>A reason why a driver does not work, or works slowly.</summary>
/// <param name="Reason">The reason, as a clause.</param>
/// <param name="Remedy">The command or the action that helps; null: there is none, or another obstacle has
/// none.</param>
public sealed record Obstacle(string Reason, string? Remedy);
