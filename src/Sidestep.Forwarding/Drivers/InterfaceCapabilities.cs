namespace Sidestep.Forwarding.Drivers;

/// <summary>Capabilities of an interface and its machine that driver selection depends on. They are read without
/// attaching anything.</summary>
public sealed record InterfaceCapabilities
{
    /// <summary>The kernel's name of the interface.</summary>
    public required string Name { get; init; }

    /// <summary>The existing interfaces when none has this name; otherwise null.</summary>
    public IReadOnlyList<string>? OtherInterfaces { get; init; }

    /// <summary>True if the frames of the interface begin with an Ethernet header.</summary>
    public bool IsEthernet { get; init; } = true;

    /// <summary>True if the interface is administratively up.</summary>
    public bool IsUp { get; init; } = true;

    /// <summary>The kernel driver of the device, such as veth or mlx5_core; null when the device does not report
    /// it.</summary>
    public string? DeviceDriver { get; init; }

    /// <summary>Kind of a virtual interface, such as veth, bond or bridge; null for hardware.</summary>
    public string? Kind { get; init; }

    /// <summary>Name of the bond or bridge that it is a port of; null: none.</summary>
    public string? Master { get; init; }

    /// <summary>Kind of <see cref="Master"/>, such as bond or bridge; null: none.</summary>
    public string? MasterKind { get; init; }

    /// <summary>Name of a veth's other end; null when it is in another network namespace.</summary>
    public string? Peer { get; init; }

    /// <summary>True if a veth's other end has an XDP program or GRO; null when it is in another network
    /// namespace.</summary>
    public bool? PeerAcceptsXdp { get; init; }

    /// <summary>Number of receive queues.</summary>
    public int Queues { get; init; } = 1;

    /// <summary>True if receive and transmit queues are combined channels; false if ethtool counts them
    /// separately.</summary>
    public bool QueuesAreCombined { get; init; } = true;

    /// <summary>Number of CPUs that the process may use.</summary>
    public int Cpus { get; init; } = 1;

    /// <summary>MTU of the interface: the largest IP packet in bytes, without the Ethernet header.</summary>
    public int MtuBytes { get; init; } = 1500;

    /// <summary>True if the device merges received segments (large receive offload).</summary>
    public bool HasLro { get; init; }

    /// <summary>True if the device merges received segments as GRO would (rx-gro-hw).</summary>
    public bool HasHardwareGro { get; init; }

    /// <summary>True if the device driver supports XDP; null: the kernel is too old to report it, and only attaching
    /// shows.</summary>
    public bool? SupportsXdp { get; init; }

    /// <summary>True if the device can access the memory of AF_XDP sockets itself; null: the kernel does not report
    /// it.</summary>
    public bool? SupportsZeroCopy { get; init; }

    /// <summary>Description of another XDP program that is attached; null: none, or the director's own.</summary>
    public string? OtherProgram { get; init; }

    /// <summary>True if <see cref="OtherProgram"/> is attached in generic mode, not in the driver.</summary>
    public bool OtherProgramIsGeneric { get; init; }

    /// <summary>Names of the Linux capabilities that BPF needs and that the process lacks.</summary>
    public IReadOnlyList<string> MissingBpfCapabilities { get; init; } = [];

    /// <summary>True if the process lacks CAP_NET_RAW.</summary>
    public bool LacksNetRaw { get; init; }

    /// <summary>True if libbpf.so.1 is installed.</summary>
    public bool HasLibbpf { get; init; } = true;

    /// <summary>Version of the running kernel.</summary>
    public Version Kernel { get; init; } = new(6, 1);

    /// <summary>True if the kernel supports AF_XDP.</summary>
    public bool HasXdpSockets { get; init; } = true;
}
