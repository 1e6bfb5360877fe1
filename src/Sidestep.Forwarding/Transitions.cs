using System.Collections.Immutable;

namespace Sidestep.Forwarding;

/// <summary>Just-enough tracking: what a change of a group leaves under way in its slots. Pure.</summary>
/// <remarks>
/// A settled slot has no memory: all its flows are its server's. When it gets another server, the one that it had becomes its
/// former one: packets of no remembered flow go there and are remembered, a TCP SYN goes to the new one and is remembered.
/// After the window, every flow that lives is remembered, and the former server is forgotten; the slot's flows are looked up
/// until no server but its own has remembered ones. So these hold between any two changes:
/// in a settled slot, every flow is the server's; in one with a former server, every flow is remembered or the former
/// server's; in a remembered one, every flow is remembered or the server's.
/// </remarks>
internal static class Transitions
{
    /// <summary>The transition of the new group; null when all its slots are settled.</summary>
    /// <param name="change">From what to what.</param>
    /// <param name="migrationWindow">How long a flow may be silent and live.</param>
    /// <param name="now">The time.</param>
    /// <param name="flows">Remembered flows; null when they cannot be counted.</param>
    internal static Transition? Next(SlotChange change, TimeSpan migrationWindow, DateTimeOffset now, Lazy<FlowCounts>? flows)
    {
        var previous = change.Previous.Transition;
        if (previous is null && change.IsSame)
            return null;
        var next = change.SlotsCorrespond ? PerSlot(change, previous, migrationWindow, now) : AllTracked(change, now);
        return next is null || !IsOver(next, migrationWindow, now) || flows is null ? next : Stabilize(next, change.Group, flows.Value);
    }

    /// <summary>When time will change it: a window closes, or flows are to be counted. Null: they are to be counted already.</summary>
    internal static DateTimeOffset? NextChange(Transition transition, TimeSpan migrationWindow, DateTimeOffset now)
    {
        if (transition.PreviousServers.Any(static f => f >= 0))
            return transition.MigrationWindowEnds;
        return transition.MigrationWindowEnds + migrationWindow > now ? transition.MigrationWindowEnds + migrationWindow : null;
    }

    private static bool IsOver(Transition transition, TimeSpan migrationWindow, DateTimeOffset now) =>
        transition.MigrationWindowEnds + migrationWindow <= now && !transition.PreviousServers.Any(static f => f >= 0);

    private static Transition? PerSlot(SlotChange change, Transition? previous, TimeSpan migrationWindow, DateTimeOffset now)
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
            // Back where it was: what the other one got meanwhile is remembered.
            if (state >= 0 && state == after)
                state = Transition.Tracked;
            states[slot] = state;
            isStable &= state == Transition.Stable;
        }
        return isStable ? null : new Transition([.. states], begins ? now + migrationWindow : previous?.MigrationWindowEnds ?? now);
    }

    /// <summary>Slots mean something else than before: flows that are remembered stay, of all others nothing is known.</summary>
    private static Transition? AllTracked(SlotChange change, DateTimeOffset now)
    {
        if (change.Previous.Slots.Slots.IsEmpty && change.Previous.Transition is null)
            return null;
        var states = new int[change.Group.Slots.Slots.Length];
        Array.Fill(states, Transition.Tracked);
        return new Transition([.. states], now);
    }

    /// <summary>Flows are counted by server, not by slot: a slot is settled when no server but its own has any.</summary>
    private static Transition? Stabilize(Transition transition, ServerGroup group, FlowCounts flows)
    {
        var counts = group.Servers.Select(s => flows.Of(group.Key, s)).ToArray();
        var byAddress = group.Servers.Select(static (s, i) => (s.Address, i)).ToDictionary(static s => s.Address, static s => s.i);
        var total = counts.Sum();
        var others = group.Slots.Members.Select(m => total - counts[byAddress[m.Address]]).ToArray();
        var states = transition.PreviousServers.Select((state, slot) =>
            (group.Slots.Slots[slot] is >= 0 and var member ? others[member] : total) == 0 ? Transition.Stable : state).ToImmutableArray();
        return states.All(static s => s == Transition.Stable) ? null : transition with { PreviousServers = states };
    }
}
