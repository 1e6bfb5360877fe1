using System.Collections.Immutable;
using System.Globalization;
using Sidestep.Model;

namespace Sidestep.Forwarding.Drivers;

/// <summary>Which driver automatic choice takes for an interface, and why not a better one. Pure: by facts alone.</summary>
/// <param name="Interface">Its name.</param>
/// <param name="Chosen">Null: none works.</param>
/// <param name="Drivers">Of all engines, the best first.</param>
/// <param name="Notes">What does not stand in the way and is better known.</param>
public sealed record Judgement(string Interface, Driver? Chosen, ImmutableArray<DriverVerdict> Drivers, ImmutableArray<Obstacle> Notes)
{
    /// <summary>The longest MTU whose frames fit one page with what XDP keeps around them (veth and most drivers).</summary>
    public const int LongestMtu = 3506;

    /// <summary>Queues that have a worker.</summary>
    public const int MostQueues = 16;

    private static readonly Version OldestKernel = new(6, 1);

    /// <summary>The engine of the chosen driver.</summary>
    public EngineKind? Engine => Chosen?.Engine();

    /// <summary>Judges.</summary>
    /// <param name="facts">Of the interface and the machine.</param>
    /// <param name="engine">Only drivers of this engine; automatic: of both.</param>
    public static Judgement Of(InterfaceFacts facts, EngineKind engine = EngineKind.Auto)
    {
        ArgumentNullException.ThrowIfNull(facts);
        ImmutableArray<DriverVerdict> drivers =
        [
            Verdict(Driver.Native, [.. Everywhere(facts), .. Bpf(facts), .. Native(facts)]),
            Verdict(Driver.Generic, [.. Everywhere(facts), .. Bpf(facts), .. Generic(facts)]),
            Verdict(Driver.AfXdp, [.. Everywhere(facts), .. Bpf(facts), .. Native(facts), .. Sockets(facts)]),
            Verdict(Driver.AfPacket, [.. Everywhere(facts), .. Packets(facts)]),
        ];
        var chosen = drivers.FirstOrDefault(d => d.Works && (engine == EngineKind.Auto || d.Driver.Engine() == engine));
        return new Judgement(facts.Name, chosen?.Driver, drivers, [.. NotesOn(facts, chosen?.Driver)]);
    }

    /// <summary>Why drivers before the chosen one are not it, in one line; null: it is the best.</summary>
    /// <param name="driver">The one in use.</param>
    public string? WhyNotBetter(Driver driver) => Text(Drivers.TakeWhile(d => d.Driver != driver).Where(d => d.Driver.Engine() == driver.Engine()));

    /// <summary>Why no driver of an engine works, in one line; null: some does.</summary>
    public string? WhyNot(EngineKind engine) =>
        Drivers.Any(d => d.Works && d.Driver.Engine() == engine) ? null : Text(Drivers.Where(d => d.Driver.Engine() == engine));

    private static string? Text(IEnumerable<DriverVerdict> drivers)
    {
        var obstacles = drivers.SelectMany(static d => d.Obstacles).Distinct().ToArray();
        return obstacles.Length == 0 ? null : string.Join("; ", obstacles.Select(static o => o.Cure is null ? o.Reason : $"{o.Reason} (cure: {o.Cure})"));
    }

    /// <summary>A kind of device that takes the frames of others.</summary>
    public const string Bond = "bond";

    /// <summary>xsk_rcv_check of the kernel compares device and queue of the frame with those of the socket.</summary>
    public const string BondHasNoSockets = "it is a bond, and AF_XDP takes frames by the queues of its ports, where sockets of the bond get none";

    /// <summary>Where nothing helps against one obstacle, a command against another would be run in vain.</summary>
    private static DriverVerdict Verdict(Driver driver, ImmutableArray<Obstacle> obstacles) =>
        new(driver, obstacles.Any(static o => o.Cure is null) ? [.. obstacles.Select(static o => o with { Cure = null })] : obstacles);

    private static IEnumerable<Obstacle> Everywhere(InterfaceFacts facts)
    {
        if (facts.Others is { } others)
            yield return new($"there is no interface '{facts.Name}' here; there are {string.Join(", ", others)}", null);
        else if (!facts.IsEthernet)
            yield return new("its frames have no Ethernet header", null);
        if (facts.MasterKind is "bond" or "team")
            yield return new($"it is a port of '{facts.Master}', which takes its frames", $"write {facts.Master} in director.interfaces");
    }

    private static IEnumerable<Obstacle> Bpf(InterfaceFacts facts)
    {
        if (facts.MissingForBpf.Count > 0)
            yield return new($"missing {string.Join(" and ", facts.MissingForBpf)}",
                $"run it as root, or give its unit AmbientCapabilities={string.Join(' ', facts.MissingForBpf)} CAP_NET_RAW");
        if (!facts.HasLibbpf)
            yield return new("libbpf.so.1 is missing", "apt-get install libbpf1");
        if (facts.Kernel < OldestKernel)
            yield return new($"Linux {facts.Kernel.Major}.{facts.Kernel.Minor} is older than {OldestKernel}", $"run Linux {OldestKernel} or newer");
    }

    private static IEnumerable<Obstacle> Native(InterfaceFacts facts)
    {
        if (facts.TakesXdp == false)
            yield return new($"the driver {facts.DeviceDriver ?? facts.Kind ?? "of the device"} has no XDP", null);
        if (facts.MtuBytes > LongestMtu)
            yield return new(string.Create(CultureInfo.InvariantCulture, $"its MTU of {facts.MtuBytes} does not fit one page: {LongestMtu} does"),
                $"ip link set dev {facts.Name} mtu 1500");
        if (facts.HasLro)
            yield return new("the device joins segments (LRO)", $"ethtool -K {facts.Name} lro off");
        if (facts.HasHardwareGro)
            yield return new("the device joins segments (hardware GRO)", $"ethtool -K {facts.Name} rx-gro-hw off");
        if (facts.MasterKind == "bridge")
            yield return new($"it is a port of the bridge '{facts.Master}', whose Ethernet address it does not answer to", $"ip link set dev {facts.Name} nomaster, or write {facts.Master} in director.interfaces");
        if (facts.Occupant is { } occupant)
            yield return new($"{occupant} is attached to it", $"ip link set dev {facts.Name} {(facts.OccupantIsGeneric ? "xdpgeneric" : "xdpdrv")} off");
    }

    private static IEnumerable<Obstacle> Generic(InterfaceFacts facts)
    {
        if (facts.Occupant is { } occupant)
            yield return new($"{occupant} is attached to it", $"ip link set dev {facts.Name} {(facts.OccupantIsGeneric ? "xdpgeneric" : "xdpdrv")} off");
    }

    private static IEnumerable<Obstacle> Sockets(InterfaceFacts facts)
    {
        if (!facts.HasXdpSockets)
            yield return new("the kernel has no AF_XDP", "run a kernel with CONFIG_XDP_SOCKETS");
        if (facts.Kind == Bond)
            yield return new(BondHasNoSockets, "driver: af-packet");
        if (facts.Queues > MostQueues)
            yield return new(string.Create(CultureInfo.InvariantCulture, $"it has {facts.Queues} queues, {MostQueues} are served"),
                QueueCommand.Of(facts.Name, MostQueues, facts.QueuesAreCombined));
    }

    private static IEnumerable<Obstacle> Packets(InterfaceFacts facts)
    {
        string[] missing = [.. facts.MissesNetRaw ? ["CAP_NET_RAW"] : Array.Empty<string>(), .. facts.MissingForBpf.Where(static c => c == "CAP_NET_ADMIN")];
        if (missing.Length > 0)
            yield return new($"missing {string.Join(" and ", missing)}", "run it as root, or give its unit AmbientCapabilities=CAP_NET_RAW CAP_NET_ADMIN");
    }

    private static IEnumerable<Obstacle> NotesOn(InterfaceFacts facts, Driver? chosen)
    {
        if (facts.Others is null && !facts.IsUp)
            yield return new("it is down, and no frame comes in", $"ip link set dev {facts.Name} up");
        if (facts.Kind == "veth" && chosen is Driver.Native)
        {
            if (facts.PeerTakesXdp == false)
                yield return new("what XDP sends back by a veth vanishes unless the other end has an XDP program or GRO", $"ethtool -K {facts.Peer} gro on");
            else if (facts.PeerTakesXdp is null)
                yield return new("what XDP sends back by a veth vanishes unless the other end, which is not in this network namespace, has an XDP program or GRO", "there: ethtool -K PEER gro on");
        }
        if (facts.Kind == "veth" && chosen is Driver.Native or Driver.AfXdp)
            yield return new("senders on this machine must compute checksums themselves: XDP does not see that they have not", "there: ethtool -K PEER tx off");
        if (chosen is Driver.AfXdp && facts.TakesZeroCopy == false)
            yield return new("the device has no zero copy for AF_XDP: the kernel copies every frame", null);
        if (chosen is Driver.AfXdp && facts.TakesZeroCopy == true)
            yield return new("the device offers zero copy for AF_XDP: sidestep status says whether its queues took it", null);
        if (chosen is Driver.Native && facts.DeviceDriver == "virtio_net" && facts.Queues < 2 * facts.Cpus)
            yield return new("virtio_net sends by XDP without locks only with two queues per CPU", string.Create(CultureInfo.InvariantCulture, $"give the machine {2 * facts.Cpus} queues, then ethtool -L {facts.Name} combined {facts.Cpus}"));
        if (facts.Queues < facts.Cpus && chosen is Driver.Native or Driver.AfXdp)
            yield return new(string.Create(CultureInfo.InvariantCulture, $"{facts.Queues} of {facts.Cpus} CPUs get frames, one per queue"), QueueCommand.Of(facts.Name, facts.Cpus, facts.QueuesAreCombined));
    }
}

/// <summary>Whether a driver works.</summary>
/// <param name="Driver">Which.</param>
/// <param name="Obstacles">What stands in its way; empty: it works.</param>
public sealed record DriverVerdict(Driver Driver, ImmutableArray<Obstacle> Obstacles)
{
    /// <summary>Nothing stands in its way.</summary>
    public bool Works => Obstacles.IsEmpty;
}

/// <summary>Something that stands in the way, or slows down.</summary>
/// <param name="Reason">What.</param>
/// <param name="Cure">The command, or what to do; null: there is nothing, or something else stands in the way that has no cure.</param>
public sealed record Obstacle(string Reason, string? Cure);
