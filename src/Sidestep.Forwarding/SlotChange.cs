using System.Collections.Immutable;
using System.Net;

namespace Sidestep.Forwarding;

/// <summary>Two versions of a group, with the servers of the former one found among those of the new one.</summary>
internal sealed class SlotChange
{
    /// <summary>In place of a server's index: nobody, or a server that there is no more.</summary>
    internal const int None = -1;

    private readonly int[] _previousServers;
    private readonly int[] _previousMembers;
    private readonly int[] _members;

    /// <summary>Compares.</summary>
    /// <param name="previous">The group as it is in force.</param>
    /// <param name="group">The new one, with servers and slots.</param>
    /// <param name="keepsUntrackedFlows">For each new server: whether packets of no remembered flow can still belong to it.</param>
    /// <param name="sameKey">Whether the hash key stayed.</param>
    internal SlotChange(ServerGroup previous, ServerGroup group, ImmutableArray<bool> keepsUntrackedFlows, bool sameKey)
    {
        Previous = previous;
        Group = group;
        KeepsUntrackedFlows = keepsUntrackedFlows;
        SlotsCorrespond = sameKey && previous.Slots.Slots.Length == group.Slots.Slots.Length;
        var byAddress = group.Servers.Select(static (s, i) => (s, i)).ToDictionary(static s => s.s.Address, static s => s.i);
        _previousServers = [.. previous.Servers.Select(s => byAddress.TryGetValue(s.Address, out var i) && group.Servers[i].Name == s.Name ? i : None)];
        // What was read back may still have a server that was renamed, under both names: the one that serves is meant.
        var previousByAddress = new Dictionary<IPAddress, int>();
        for (var i = 0; i < previous.Servers.Length; i++)
        {
            if (!previousByAddress.TryAdd(previous.Servers[i].Address, i) && previous.Servers[previousByAddress[previous.Servers[i].Address]].Flows == FlowState.Move)
                previousByAddress[previous.Servers[i].Address] = i;
        }
        _previousMembers = [.. previous.Slots.Members.Select(m => previousByAddress.TryGetValue(m.Address, out var i) ? _previousServers[i] : None)];
        _members = [.. group.Slots.Members.Select(m => byAddress[m.Address])];
    }

    /// <summary>The group as it is in force.</summary>
    internal ServerGroup Previous { get; }

    /// <summary>The new one.</summary>
    internal ServerGroup Group { get; }

    /// <summary>For each new server: whether packets of no remembered flow can still belong to it.</summary>
    internal ImmutableArray<bool> KeepsUntrackedFlows { get; }

    /// <summary>False when a packet has another slot than before: then nothing can be said slot by slot.</summary>
    internal bool SlotsCorrespond { get; }

    /// <summary>True when every slot has the server that it had.</summary>
    internal bool IsSame => SlotsCorrespond && ReferenceEquals(Previous.Slots, Group.Slots) && _previousMembers.AsSpan().SequenceEqual(_members);

    /// <summary>Index, among the new servers, of the one that the slot had.</summary>
    internal int Before(int slot) => Previous.Slots.Slots[slot] is >= 0 and var member ? _previousMembers[member] : None;

    /// <summary>Index of the one that it has.</summary>
    internal int After(int slot) => Group.Slots.Slots[slot] is >= 0 and var member ? _members[member] : None;

    /// <summary>What the slot's transition was; a server is by its index among the new ones, or <see cref="Transition.Tracked"/>
    /// when there is no such server any more.</summary>
    internal int State(int slot) => Previous.Transition is not { } transition ? Transition.Stable
        : transition.PreviousServers[slot] is >= 0 and var server
            ? _previousServers[server] is var now and not None ? now : Transition.Tracked
            : transition.PreviousServers[slot];
}
