using System.Collections.Immutable;

namespace Sidestep.Forwarding;

/// <summary>Just-enough tracking: computes the transition that a change of a group starts, continues or ends.
/// Pure.</summary>
/// <remarks>
/// A stable slot needs no flow table: all its flows belong to its server. When the slot gets another server, the old
/// one becomes its previous server. Packets of no tracked flow go to the previous server and are tracked; a TCP SYN
/// goes to the new server and is tracked. After the migration window, every live flow is tracked, and the slot drops
/// its previous server. Its flows are looked up until only its own server has tracked flows. Three invariants hold
/// between any two changes. In a stable slot, every flow belongs to the server. In a slot with a previous server, every
/// flow is tracked or belongs to the previous server. In a tracked slot, every flow is tracked or belongs to the
/// server. </remarks>
internal static class Transitions
{
    /// <summary>The transition of the new group; null when all its slots are stable.</summary>
    /// <param name="change">The old and the new group.</param>
    /// <param name="migrationWindow">The longest time that a live flow may be idle.</param>
    /// <param name="now">The current time.</param>
    /// <param name="flows">Counts tracked flows; null when they cannot be counted.</param>
    internal static Transition? Next(
        SlotChange change, TimeSpan migrationWindow, DateTimeOffset now, Lazy<FlowCounts>? flows)
    {
        var previous = change.Previous.Transition;
        if (previous is null && change.IsSame)
            return null;
        var next = change.SlotsCorrespond ? PerSlot(change, previous, migrationWindow, now) : AllTracked(change, now);
        return next is null || !IsOver(next, migrationWindow, now) || flows is null
            ? next : Stabilize(next, change.Group, flows.Value);
    }

    /// <summary>When time alone will change the transition: its window closes, or flows must be counted. Null: flows
    /// must already be counted.</summary>
    internal static DateTimeOffset? NextChange(Transition transition, TimeSpan migrationWindow, DateTimeOffset now)
    {
        if (transition.PreviousServers.Any(static f => f >= 0))
            return transition.MigrationWindowEnds;
        var countAt = transition.MigrationWindowEnds + migrationWindow;
        return countAt > now ? countAt : null;
    }

    private static bool IsOver(Transition transition, TimeSpan migrationWindow, DateTimeOffset now) =>
        transition.MigrationWindowEnds + migrationWindow <= now && !transition.PreviousServers.Any(static f => f >= 0);

    private static Transition? PerSlot(
        SlotChange change, Transition? previous, TimeSpan migrationWindow, DateTimeOffset now)
    {
        var isOpen = previous is not null && now < previous.MigrationWindowEnds;
        var states = new int[change.Group.Slots.Slots.Length];
        bool begins = false, isStable = true;
        for (var slot = 0; slot < states.Length; slot++)
        {
            var state = change.State(slot);
            if (state >= 0 && !(isOpen && change.KeepsUntrackedFlows[state]))
                state = Transition.Tracked;
            int before = change.Before(slot), after = change.After(slot);
            if (before != after && state < 0 && before != SlotChange.None && change.KeepsUntrackedFlows[before])
            {
                state = before;
                begins = true;
            }
            // The slot is back at its previous server: flows that the other one got meanwhile are tracked.
            if (state >= 0 && state == after)
                state = Transition.Tracked;
            states[slot] = state;
            isStable &= state == Transition.Stable;
        }
        var windowEnds = begins ? now + migrationWindow : previous?.MigrationWindowEnds ?? now;
        return isStable ? null : new Transition([.. states], windowEnds);
    }

    /// <summary>Packets have other slots than before: tracked flows stay, the servers of all others are
    /// unknown.</summary>
    private static Transition? AllTracked(SlotChange change, DateTimeOffset now)
    {
        if (change.Previous.Slots.Slots.IsEmpty && change.Previous.Transition is null)
            return null;
        var states = new int[change.Group.Slots.Slots.Length];
        Array.Fill(states, Transition.Tracked);
        return new Transition([.. states], now);
    }

    /// <summary>Flows are counted by server, not by slot: a slot becomes stable when only its own server has
    /// any.</summary>
    private static Transition? Stabilize(Transition transition, ServerGroup group, FlowCounts flows)
    {
        var counts = group.Servers.Select(s => flows.Of(group.Key, s)).ToArray();
        var byAddress = group.Servers.Select(static (s, i) => (s.Address, i))
            .ToDictionary(static s => s.Address, static s => s.i);
        var total = counts.Sum();
        var others = group.Slots.Members.Select(m => total - counts[byAddress[m.Address]]).ToArray();
        var states = transition.PreviousServers.Select((state, slot) =>
            (group.Slots.Slots[slot] is >= 0 and var member ? others[member] : total) == 0 ? Transition.Stable : state)
            .ToImmutableArray();
        return states.All(static s => s == Transition.Stable) ? null : transition with { PreviousServers = states };
    }
}
