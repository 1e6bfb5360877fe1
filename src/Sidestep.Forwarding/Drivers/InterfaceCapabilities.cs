namespace Sidestep.Forwarding.Drivers;

/// <summary>What the choice of a driver depends on, found out without attaching anything.</summary>
public sealed record InterfaceCapabilities
{
    /// <summary>The kernel's name of the interface.</summary>
    public required string Name { get; init; }

    /// <summary>Interfaces that there are, when there is none of that name; otherwise null.</summary>
    public IReadOnlyList<string>? OtherInterfaces { get; init; }

    /// <summary>Its frames begin with an Ethernet header.</summary>
    public bool IsEthernet { get; init; } = true;

    /// <summary>Administratively up.</summary>
    public bool IsUp { get; init; } = true;

    /// <summary>The driver of the device, such as veth or mlx5_core; null: it does not say it.</summary>
    public string? DeviceDriver { get; init; }

    /// <summary>Such as veth, bond or bridge; null for a device of hardware.</summary>
    public string? Kind { get; init; }

    /// <summary>The bond or bridge that it is a part of; null: none.</summary>
    public string? Master { get; init; }

    /// <summary>Such as bond or bridge.</summary>
    public string? MasterKind { get; init; }

    /// <summary>The other end of a veth, if it can be seen from here.</summary>
    public string? Peer { get; init; }

    /// <summary>Whether the other end has an XDP program or GRO; null: it cannot be seen from here.</summary>
    public bool? PeerAcceptsXdp { get; init; }

    /// <summary>Queues that it receives by.</summary>
    public int Queues { get; init; } = 1;

    /// <summary>It sends by the same queues; false: both kinds are counted apart.</summary>
    public bool QueuesAreCombined { get; init; } = true;

    /// <summary>CPUs that may be used.</summary>
    public int Cpus { get; init; } = 1;

    /// <summary>Its MTU.</summary>
    public int MtuBytes { get; init; } = 1500;

    /// <summary>The device joins received segments (LRO).</summary>
    public bool HasLro { get; init; }

    /// <summary>The device joins received segments as GRO would (rx-gro-hw).</summary>
    public bool HasHardwareGro { get; init; }

    /// <summary>What the device says of XDP in its driver; null: the kernel is too old to say it, and only trying shows.</summary>
    public bool? SupportsXdp { get; init; }

    /// <summary>The device reads and writes the memory of AF_XDP sockets itself; null: as before.</summary>
    public bool? SupportsZeroCopy { get; init; }

    /// <summary>Another XDP program that is attached to it; null: none, or the director's own.</summary>
    public string? OtherProgram { get; init; }

    /// <summary>The occupant is in the network stack, not in the driver.</summary>
    public bool OtherProgramIsGeneric { get; init; }

    /// <summary>Capabilities that loading BPF needs and that are missing here.</summary>
    public IReadOnlyList<string> MissingBpfCapabilities { get; init; } = [];

    /// <summary>CAP_NET_RAW is missing.</summary>
    public bool LacksNetRaw { get; init; }

    /// <summary>libbpf.so.1 is installed.</summary>
    public bool HasLibbpf { get; init; } = true;

    /// <summary>Of the running kernel.</summary>
    public Version Kernel { get; init; } = new(6, 1);

    /// <summary>The kernel has AF_XDP.</summary>
    public bool HasXdpSockets { get; init; } = true;
}
