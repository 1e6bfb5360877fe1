using System.Collections.Immutable;
using System.Globalization;
using Sidestep.Model;

namespace Sidestep.Forwarding.Drivers;

/// <summary>Which driver automatic choice takes for an interface, and why not a better one. Pure: by facts alone.</summary>
/// <param name="Interface">Its name.</param>
/// <param name="Chosen">Null: none works.</param>
/// <param name="Drivers">Of all engines, the best first.</param>
/// <param name="Notes">What does not stand in the way and is better known.</param>
public sealed record DriverSelection(string Interface, Driver? Chosen, ImmutableArray<DriverSupport> Drivers, ImmutableArray<Obstacle> Notes)
{
    /// <summary>The longest MTU whose frames fit one page with what XDP keeps around them (veth and most drivers).</summary>
    public const int MaxMtu = 3506;

    /// <summary>Queues that have a worker.</summary>
    public const int MaxQueues = 16;

    private static readonly Version OldestKernel = new(6, 1);

    /// <summary>The engine of the chosen driver.</summary>
    public EngineKind? Engine => Chosen?.Engine();

    /// <summary>Judges.</summary>
    /// <param name="capabilities">Of the interface and the machine.</param>
    /// <param name="engine">Only drivers of this engine; automatic: of both.</param>
    public static DriverSelection Of(InterfaceCapabilities capabilities, EngineKind engine = EngineKind.Auto)
    {
        ArgumentNullException.ThrowIfNull(capabilities);
        ImmutableArray<DriverSupport> drivers =
        [
            SupportOf(Driver.Native, [.. CommonObstacles(capabilities), .. BpfObstacles(capabilities), .. NativeObstacles(capabilities)]),
            SupportOf(Driver.Generic, [.. CommonObstacles(capabilities), .. BpfObstacles(capabilities), .. GenericObstacles(capabilities)]),
            SupportOf(Driver.AfXdp, [.. CommonObstacles(capabilities), .. BpfObstacles(capabilities), .. NativeObstacles(capabilities), .. AfXdpObstacles(capabilities)]),
            SupportOf(Driver.AfPacket, [.. CommonObstacles(capabilities), .. AfPacketObstacles(capabilities)]),
        ];
        var chosen = drivers.FirstOrDefault(d => d.Works && (engine == EngineKind.Auto || d.Driver.Engine() == engine));
        return new DriverSelection(capabilities.Name, chosen?.Driver, drivers, [.. NotesOn(capabilities, chosen?.Driver)]);
    }

    /// <summary>Why drivers before the chosen one are not it, in one line; null: it is the best.</summary>
    /// <param name="driver">The one in use.</param>
    public string? FallbackReason(Driver driver) => Text(Drivers.TakeWhile(d => d.Driver != driver).Where(d => d.Driver.Engine() == driver.Engine()));

    /// <summary>Why no driver of an engine works, in one line; null: some does.</summary>
    public string? RejectionReason(EngineKind engine) =>
        Drivers.Any(d => d.Works && d.Driver.Engine() == engine) ? null : Text(Drivers.Where(d => d.Driver.Engine() == engine));

    private static string? Text(IEnumerable<DriverSupport> drivers)
    {
        var obstacles = drivers.SelectMany(static d => d.Obstacles).Distinct().ToArray();
        return obstacles.Length == 0 ? null : string.Join("; ", obstacles.Select(static o => o.Remedy is null ? o.Reason : $"{o.Reason} (remedy: {o.Remedy})"));
    }

    /// <summary>A kind of device that takes the frames of others.</summary>
    public const string Bond = "bond";

    /// <summary>xsk_rcv_check of the kernel compares device and queue of the frame with those of the socket.</summary>
    public const string BondHasNoSockets = "it is a bond, and AF_XDP takes frames by the queues of its ports, where sockets of the bond get none";

    /// <summary>Where nothing helps against one obstacle, a command against another would be run in vain.</summary>
    private static DriverSupport SupportOf(Driver driver, ImmutableArray<Obstacle> obstacles) =>
        new(driver, obstacles.Any(static o => o.Remedy is null) ? [.. obstacles.Select(static o => o with { Remedy = null })] : obstacles);

    private static IEnumerable<Obstacle> CommonObstacles(InterfaceCapabilities capabilities)
    {
        if (capabilities.OtherInterfaces is { } others)
            yield return new($"there is no interface '{capabilities.Name}' here; there are {string.Join(", ", others)}", null);
        else if (!capabilities.IsEthernet)
            yield return new("its frames have no Ethernet header", null);
        if (capabilities.MasterKind is "bond" or "team")
            yield return new($"it is a port of '{capabilities.Master}', which takes its frames", $"write {capabilities.Master} in director.interfaces");
    }

    private static IEnumerable<Obstacle> BpfObstacles(InterfaceCapabilities capabilities)
    {
        if (capabilities.MissingBpfCapabilities.Count > 0)
            yield return new($"missing {string.Join(" and ", capabilities.MissingBpfCapabilities)}",
                $"run it as root, or give its unit AmbientCapabilities={string.Join(' ', capabilities.MissingBpfCapabilities)} CAP_NET_RAW");
        if (!capabilities.HasLibbpf)
            yield return new("libbpf.so.1 is missing", "apt-get install libbpf1");
        if (capabilities.Kernel < OldestKernel)
            yield return new($"Linux {capabilities.Kernel.Major}.{capabilities.Kernel.Minor} is older than {OldestKernel}", $"run Linux {OldestKernel} or newer");
    }

    private static IEnumerable<Obstacle> NativeObstacles(InterfaceCapabilities capabilities)
    {
        if (capabilities.SupportsXdp == false)
            yield return new($"the driver {capabilities.DeviceDriver ?? capabilities.Kind ?? "of the device"} has no XDP", null);
        if (capabilities.MtuBytes > MaxMtu)
            yield return new(string.Create(CultureInfo.InvariantCulture, $"its MTU of {capabilities.MtuBytes} does not fit one page: {MaxMtu} does"),
                $"ip link set dev {capabilities.Name} mtu 1500");
        if (capabilities.HasLro)
            yield return new("the device joins segments (LRO)", $"ethtool -K {capabilities.Name} lro off");
        if (capabilities.HasHardwareGro)
            yield return new("the device joins segments (hardware GRO)", $"ethtool -K {capabilities.Name} rx-gro-hw off");
        if (capabilities.MasterKind == "bridge")
            yield return new($"it is a port of the bridge '{capabilities.Master}', whose Ethernet address it does not answer to", $"ip link set dev {capabilities.Name} nomaster, or write {capabilities.Master} in director.interfaces");
        if (capabilities.OtherProgram is { } otherProgram)
            yield return new($"{otherProgram} is attached to it", $"ip link set dev {capabilities.Name} {(capabilities.OtherProgramIsGeneric ? "xdpgeneric" : "xdpdrv")} off");
    }

    private static IEnumerable<Obstacle> GenericObstacles(InterfaceCapabilities capabilities)
    {
        if (capabilities.OtherProgram is { } otherProgram)
            yield return new($"{otherProgram} is attached to it", $"ip link set dev {capabilities.Name} {(capabilities.OtherProgramIsGeneric ? "xdpgeneric" : "xdpdrv")} off");
    }

    private static IEnumerable<Obstacle> AfXdpObstacles(InterfaceCapabilities capabilities)
    {
        if (!capabilities.HasXdpSockets)
            yield return new("the kernel has no AF_XDP", "run a kernel with CONFIG_XDP_SOCKETS");
        if (capabilities.Kind == Bond)
            yield return new(BondHasNoSockets, "driver: af-packet");
        if (capabilities.Queues > MaxQueues)
            yield return new(string.Create(CultureInfo.InvariantCulture, $"it has {capabilities.Queues} queues, {MaxQueues} are served"),
                QueueCommand.Of(capabilities.Name, MaxQueues, capabilities.QueuesAreCombined));
    }

    private static IEnumerable<Obstacle> AfPacketObstacles(InterfaceCapabilities capabilities)
    {
        string[] missing = [.. capabilities.LacksNetRaw ? ["CAP_NET_RAW"] : Array.Empty<string>(), .. capabilities.MissingBpfCapabilities.Where(static c => c == "CAP_NET_ADMIN")];
        if (missing.Length > 0)
            yield return new($"missing {string.Join(" and ", missing)}", "run it as root, or give its unit AmbientCapabilities=CAP_NET_RAW CAP_NET_ADMIN");
    }

    private static IEnumerable<Obstacle> NotesOn(InterfaceCapabilities capabilities, Driver? chosen)
    {
        if (capabilities.OtherInterfaces is null && !capabilities.IsUp)
            yield return new("it is down, and no frame comes in", $"ip link set dev {capabilities.Name} up");
        if (capabilities.Kind == "veth" && chosen is Driver.Native)
        {
            if (capabilities.PeerAcceptsXdp == false)
                yield return new("what XDP sends back by a veth vanishes unless the other end has an XDP program or GRO", $"ethtool -K {capabilities.Peer} gro on");
            else if (capabilities.PeerAcceptsXdp is null)
                yield return new("what XDP sends back by a veth vanishes unless the other end, which is not in this network namespace, has an XDP program or GRO", "there: ethtool -K PEER gro on");
        }
        if (capabilities.Kind == "veth" && chosen is Driver.Native or Driver.AfXdp)
            yield return new("senders on this machine must compute checksums themselves: XDP does not see that they have not", "there: ethtool -K PEER tx off");
        if (chosen is Driver.AfXdp && capabilities.SupportsZeroCopy == false)
            yield return new("the device has no zero copy for AF_XDP: the kernel copies every frame", null);
        if (chosen is Driver.AfXdp && capabilities.SupportsZeroCopy == true)
            yield return new("the device offers zero copy for AF_XDP: sidestep status says whether its queues took it", null);
        if (chosen is Driver.Native && capabilities.DeviceDriver == "virtio_net" && capabilities.Queues < 2 * capabilities.Cpus)
            yield return new("virtio_net sends by XDP without locks only with two queues per CPU", string.Create(CultureInfo.InvariantCulture, $"give the machine {2 * capabilities.Cpus} queues, then ethtool -L {capabilities.Name} combined {capabilities.Cpus}"));
        if (capabilities.Queues < capabilities.Cpus && chosen is Driver.Native or Driver.AfXdp)
            yield return new(string.Create(CultureInfo.InvariantCulture, $"{capabilities.Queues} of {capabilities.Cpus} CPUs get frames, one per queue"), QueueCommand.Of(capabilities.Name, capabilities.Cpus, capabilities.QueuesAreCombined));
    }
}

/// <summary>Whether a driver works.</summary>
/// <param name="Driver">Which.</param>
/// <param name="Obstacles">What stands in its way; empty: it works.</param>
public sealed record DriverSupport(Driver Driver, ImmutableArray<Obstacle> Obstacles)
{
    /// <summary>Nothing stands in its way.</summary>
    public bool Works => Obstacles.IsEmpty;
}

/// <summary>Something that stands in the way, or slows down.</summary>
/// <param name="Reason">What.</param>
/// <param name="Remedy">The command, or what to do; null: there is nothing, or something else stands in the way that has no cure.</param>
public sealed record Obstacle(string Reason, string? Remedy);
