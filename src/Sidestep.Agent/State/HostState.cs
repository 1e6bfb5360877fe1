using System.Net;
using System.Text.Json.Serialization;
using Sidestep.Agent.Input;
using Sidestep.Api;
using Sidestep.Native;

namespace Sidestep.Agent.State;

/// <summary>What the agent wants of this network namespace and what was there before: enough to undo everything.</summary>
/// <remarks>Written before the first change and holds every change that may have been made, so that an interrupted run can
/// be undone: what was never changed is found as it was before and left.</remarks>
internal sealed record HostState
{
    public const int CurrentVersion = 2;

    public int Version { get; init; } = CurrentVersion;

    public required NetworkNamespace Namespace { get; init; }

    /// <summary>What was last applied; null: nothing yet.</summary>
    public ServerSpec? Spec { get; init; }

    /// <summary>By the kernel's index, because a name can change.</summary>
    public List<int> Interfaces { get; init; } = [];

    /// <summary>Whether the programs were wanted although nothing is to be taken off.</summary>
    public bool Programs { get; init; }

    public List<SysctlRecord> Sysctls { get; init; } = [];

    public List<AddressRecord> Addresses { get; init; } = [];

    public List<QdiscRecord> Qdiscs { get; init; } = [];

    /// <summary>Those wished for and, during a change, those that are to go.</summary>
    [JsonIgnore]
    public IReadOnlyCollection<IPNetwork> AllVips => [.. Addresses.Select(static a => PrefixText.Parse(a.Vip))];
}

/// <summary>A setting that the agent changes.</summary>
/// <param name="InterfaceIndex">0 for <c>all</c>.</param>
/// <param name="InterfaceName">The name at the time, for messages.</param>
/// <param name="Key">Of net.ipv4.conf.</param>
/// <param name="Before">What <c>remove</c> writes.</param>
/// <param name="Ours">What the agent writes; any other value found later is someone else's.</param>
internal sealed record SysctlRecord(int InterfaceIndex, string InterfaceName, string Key, int Before, int Ours);

/// <summary>A VIP on lo, or a prefix of VIPs that is local by lo.</summary>
/// <param name="Vip">The address or prefix.</param>
/// <param name="ExistedBefore">True: it was there, and <c>remove</c> leaves it.</param>
internal sealed record AddressRecord(string Vip, bool ExistedBefore);

/// <summary>The qdisc that holds the filters.</summary>
/// <param name="InterfaceIndex">The interface.</param>
/// <param name="ExistedBefore">True: it was there, and <c>remove</c> leaves it.</param>
internal sealed record QdiscRecord(int InterfaceIndex, bool ExistedBefore);
