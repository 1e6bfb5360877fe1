using System.Collections.Immutable;
using System.Net;

namespace Sidestep.Forwarding;

/// <summary>Two versions of a group, with the servers of the previous one mapped to those of the new one.</summary>
internal sealed class SlotChange
{
    /// <summary>In place of a server's index: no server, or one that no longer exists.</summary>
    internal const int None = -1;

    private readonly int[] _previousServers;
    private readonly int[] _previousMembers;
    private readonly int[] _members;

    /// <summary>Compares two versions of a group.</summary>
    /// <param name="previous">The group as it is in force.</param>
    /// <param name="group">The new group, with servers and slots.</param>
    /// <param name="keepsUntrackedFlows">For each new server: whether packets of no tracked flow can still belong to
    /// it.</param>
    /// <param name="sameKey">True if both versions have the same hash key.</param>
    internal SlotChange(ServerGroup previous, ServerGroup group, ImmutableArray<bool> keepsUntrackedFlows, bool sameKey)
    {
        Previous = previous;
        Group = group;
        KeepsUntrackedFlows = keepsUntrackedFlows;
        SlotsCorrespond = sameKey && previous.Slots.Slots.Length == group.Slots.Slots.Length;
        var byAddress = group.Servers.Select(static (s, i) => (s, i))
            .ToDictionary(static s => s.s.Address, static s => s.i);
        _previousServers =
        [
            .. previous.Servers.Select(s =>
                byAddress.TryGetValue(s.Address, out var i) && group.Servers[i].Name == s.Name ? i : None),
        ];
        // Tables that were read back may hold a renamed server under both names: the one that serves counts.
        var previousByAddress = new Dictionary<IPAddress, int>();
        for (var i = 0; i < previous.Servers.Length; i++)
        {
            var address = previous.Servers[i].Address;
            if (!previousByAddress.TryAdd(address, i)
                && previous.Servers[previousByAddress[address]].Flows == FlowState.Move)
                previousByAddress[address] = i;
        }
        _previousMembers =
        [
            .. previous.Slots.Members.Select(m =>
                previousByAddress.TryGetValue(m.Address, out var i) ? _previousServers[i] : None),
        ];
        _members = [.. group.Slots.Members.Select(m => byAddress[m.Address])];
    }

    /// <summary>The group as it is in force.</summary>
    internal ServerGroup Previous { get; }

    /// <summary>The group as it is to be applied, with its servers and slots.</summary>
    internal ServerGroup Group { get; }

    /// <summary>For each new server: true if packets of untracked flows can still belong to it.</summary>
    internal ImmutableArray<bool> KeepsUntrackedFlows { get; }

    /// <summary>False when a packet has another slot than before: then slots cannot be compared one by one.</summary>
    internal bool SlotsCorrespond { get; }

    /// <summary>True if every slot keeps its server.</summary>
    internal bool IsSame => SlotsCorrespond && ReferenceEquals(Previous.Slots, Group.Slots)
        && _previousMembers.AsSpan().SequenceEqual(_members);

    /// <summary>Index, among the new servers, of the slot's previous server; or <see cref="None"/>.</summary>
    internal int Before(int slot) =>
        Previous.Slots.Slots[slot] is >= 0 and var member ? _previousMembers[member] : None;

    /// <summary>Index of the slot's new server; or <see cref="None"/>.</summary>
    internal int After(int slot) => Group.Slots.Slots[slot] is >= 0 and var member ? _members[member] : None;

    /// <summary>The slot's state in the previous transition, with servers as indexes among the new ones. A server that
    /// no longer exists becomes <see cref="Transition.Tracked"/>.</summary>
    internal int State(int slot) => Previous.Transition is not { } transition ? Transition.Stable
        : transition.PreviousServers[slot] is >= 0 and var server
            ? _previousServers[server] is var now and not None ? now : Transition.Tracked
            : transition.PreviousServers[slot];
}
