using System.Net;
using System.Text.Json.Serialization;
using Sidestep.Api;
using Sidestep.Native;
using Sidestep.Packets;

namespace Sidestep.Agent.State;

/// <summary>The settings that the agent makes in this network namespace, and the previous ones: enough to undo every
/// change.</summary>
/// <remarks>It is saved before the first change and lists every change that may follow, so that <c>remove</c> can undo
/// an interrupted run. What that run did not get to change still has its old value, and remove leaves it.</remarks>
internal sealed record HostState
{
    /// <summary>Version of the file format.</summary>
    public const int CurrentVersion = 2;

    public int Version { get; init; } = CurrentVersion;

    public required NetworkNamespace Namespace { get; init; }

    /// <summary>The spec that was applied last; null: none yet.</summary>
    public ServerSpec? Spec { get; init; }

    /// <summary>Indexes of the ingress interfaces, because a name can change.</summary>
    public List<int> Interfaces { get; init; } = [];

    /// <summary>True if the programs are attached, also where there is nothing to decapsulate.</summary>
    public bool Programs { get; init; }

    public List<SysctlRecord> Sysctls { get; init; } = [];

    public List<AddressRecord> Addresses { get; init; } = [];

    public List<QdiscRecord> Qdiscs { get; init; } = [];

    /// <summary>The desired VIPs and, during a change, also those that are about to be removed.</summary>
    [JsonIgnore]
    public IReadOnlyCollection<IPNetwork> AllVips => [.. Addresses.Select(static a => PrefixText.Parse(a.Vip))];
}

/// <summary>A sysctl that the agent changes.</summary>
/// <param name="InterfaceIndex">0 for <c>all</c>.</param>
/// <param name="InterfaceName">The name at that time, for messages; <c>all</c> for <c>all</c>.</param>
/// <param name="Key">The last part of its name, for example <c>arp_ignore</c>.</param>
/// <param name="Before">The value that <c>remove</c> writes.</param>
/// <param name="Ours">The value that the agent writes. Any other value found later was written by another
/// program.</param>
internal sealed record SysctlRecord(int InterfaceIndex, string InterfaceName, string Key, int Before, int Ours);

/// <summary>A VIP on <c>lo</c>, or a prefix of VIPs that is local through <c>lo</c>.</summary>
/// <param name="Vip">The address or prefix.</param>
/// <param name="ExistedBefore">True: it existed before the agent ran, and <c>remove</c> leaves it.</param>
internal sealed record AddressRecord(string Vip, bool ExistedBefore);

/// <summary>The qdisc that holds the filters of an interface.</summary>
/// <param name="InterfaceIndex">The interface.</param>
/// <param name="ExistedBefore">True: it existed before the agent ran, and <c>remove</c> leaves it.</param>
internal sealed record QdiscRecord(int InterfaceIndex, bool ExistedBefore);
