using System.Net;
using System.Net.Sockets;
using Sidestep.Agent.Programs;
using Sidestep.Api;
using Sidestep.Native.Netlink;
using Sidestep.Packets;

namespace Sidestep.Agent.Input;

/// <summary>The configuration that this host must have as a real server: checked, without duplicates.</summary>
internal sealed record DesiredState
{
    /// <summary>The spec that it was read from; the state file stores it.</summary>
    public required ServerSpec Spec { get; init; }

    /// <summary>The VIPs that the server must have, in the order of the spec.</summary>
    public required IReadOnlyList<DesiredVip> Vips { get; init; }

    /// <summary>The ingress interfaces: those that receive traffic for VIPs.</summary>
    public required IReadOnlyList<InterfaceInfo> Interfaces { get; init; }

    /// <summary>The interfaces by which replies leave, without the ingress interfaces.</summary>
    public IReadOnlyList<InterfaceInfo> EgressInterfaces { get; init; } = [];

    /// <summary>The encapsulations that the programs must remove. None: layer-2 DSR, without decapsulation.</summary>
    public EncapsulationFlags Encapsulations { get; init; }

    /// <summary>UDP ports of GUE; at most <see cref="SettingsValue.Ports"/>.</summary>
    public IReadOnlyList<int> GuePorts { get; init; } = [];

    /// <summary>The only sources from which encapsulated packets are accepted.</summary>
    public IReadOnlyList<IPNetwork> Sources { get; init; } = [];

    /// <summary>True if the tc programs are attached: for decapsulation, and always by a running agent.</summary>
    public bool Programs { get; init; }

    public bool HasFamily(AddressFamily family) => Vips.Any(v => v.Network.BaseAddress.AddressFamily == family);

    /// <summary>The interfaces that must have a program at a hook.</summary>
    public IReadOnlyList<InterfaceInfo> At(Hook hook) => !Programs ? []
        : hook == Hook.Ingress ? Interfaces : [.. Interfaces, .. EgressInterfaces];
}

/// <summary>A VIP, or a prefix of VIPs.</summary>
/// <param name="Network">A single VIP has the longest prefix.</param>
/// <param name="Mss">The largest MSS that a SYN-ACK may offer, bytes; 0: no limit.</param>
internal sealed record DesiredVip(IPNetwork Network, int Mss)
{
    public IPAddress Address => Network.BaseAddress;

    public bool IsSingle => Network.IsSingle();

    public bool IsIPv6 => Address.AddressFamily == AddressFamily.InterNetworkV6;

    public override string ToString() => PrefixText.Of(Network);
}
