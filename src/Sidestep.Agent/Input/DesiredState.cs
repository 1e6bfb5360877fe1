using System.Net;
using System.Net.Sockets;
using Sidestep.Agent.Programs;
using Sidestep.Api;
using Sidestep.Native.Netlink;

namespace Sidestep.Agent.Input;

/// <summary>What this real server shall be like: checked, without duplicates.</summary>
internal sealed record DesiredState
{
    /// <summary>What was asked for: what the state file keeps.</summary>
    public required ServerSpec Spec { get; init; }

    public required IReadOnlyList<DesiredVip> Vips { get; init; }

    /// <summary>The interfaces that VIP traffic comes in by.</summary>
    public required IReadOnlyList<InterfaceInfo> Interfaces { get; init; }

    /// <summary>Those that replies leave by, beside these.</summary>
    public IReadOnlyList<InterfaceInfo> EgressInterfaces { get; init; } = [];

    /// <summary>None: layer-2 DSR, nothing is taken off.</summary>
    public EncapsulationFlags Encapsulations { get; init; }

    public IReadOnlyList<int> GuePorts { get; init; } = [];

    /// <summary>The only addresses that encapsulated packets are accepted from.</summary>
    public IReadOnlyList<IPNetwork> Sources { get; init; } = [];

    /// <summary>Whether the programs are attached: for decapsulation, and where the agent watches.</summary>
    public bool Programs { get; init; }

    public bool HasFamily(AddressFamily family) => Vips.Any(v => v.Network.BaseAddress.AddressFamily == family);

    /// <summary>The interfaces with the program of a hook.</summary>
    public IReadOnlyList<InterfaceInfo> At(Hook hook) => !Programs ? [] : hook == Hook.Ingress ? Interfaces : [.. Interfaces, .. EgressInterfaces];
}

/// <summary>A VIP, or a prefix of VIPs.</summary>
/// <param name="Network">A single VIP has the longest prefix.</param>
/// <param name="Mss">The most that SYN-ACKs may offer, bytes; 0: anything.</param>
internal sealed record DesiredVip(IPNetwork Network, int Mss)
{
    public IPAddress Address => Network.BaseAddress;

    public bool IsSingle => PrefixText.IsSingle(Network);

    public bool IsIPv6 => Address.AddressFamily == AddressFamily.InterNetworkV6;

    public override string ToString() => PrefixText.Of(Network);
}
