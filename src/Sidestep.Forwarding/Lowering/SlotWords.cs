namespace Sidestep.Forwarding.Lowering;

/// <summary>Slots as both engines store them: 32-bit words with the ID of a server, 0 for none, and a flag.</summary>
public static class SlotWords
{
    /// <summary>Flag of a slot: its flows may be tracked and must be looked up.</summary>
    public const uint Tracked = 1U << 31;

    /// <summary>Bits of a slot with the server ID.</summary>
    public const uint ServerMask = 0x00ff_ffff;

    /// <summary>The words of a group's slot table.</summary>
    /// <param name="group">The group.</param>
    /// <param name="ids">IDs of its servers, in the order of the group.</param>
    /// <param name="tracksFlows">True: every flow of the group is tracked, not only those of slots in
    /// transition.</param>
    /// <exception cref="KeyNotFoundException">A member of the slot table is no server of the group.</exception>
    public static uint[] Of(ServerGroup group, ReadOnlySpan<int> ids, bool tracksFlows)
    {
        ArgumentNullException.ThrowIfNull(group);
        var byAddress = group.Servers.Select(static (s, i) => (s.Address, i))
            .ToDictionary(static s => s.Address, static s => s.i);
        var members = new uint[group.Slots.Members.Length];
        for (var i = 0; i < members.Length; i++)
            members[i] = (uint)ids[byAddress[group.Slots.Members[i].Address]];
        var table = group.Slots.Slots.AsSpan();
        var previous = group.Transition is { } transition ? transition.PreviousServers.AsSpan() : [];
        var tracked = tracksFlows ? Tracked : 0;
        var words = new uint[table.Length];
        for (var i = 0; i < words.Length; i++)
        {
            words[i] = (table[i] is >= 0 and var member ? members[member] : 0)
                | (!previous.IsEmpty && previous[i] != Transition.Stable ? Tracked : tracked);
        }
        return words;
    }

    /// <summary>For each slot the ID of the server that packets of no tracked flow still belong to, 0 for
    /// none.</summary>
    /// <param name="group">The group.</param>
    /// <param name="ids">IDs of its servers, in the order of the group.</param>
    /// <returns>Null: no slot has a previous server.</returns>
    public static uint[]? PreviousOf(ServerGroup group, ReadOnlySpan<int> ids)
    {
        ArgumentNullException.ThrowIfNull(group);
        if (group.Transition is not { } transition || !transition.PreviousServers.Any(static p => p >= 0))
            return null;
        var words = new uint[transition.PreviousServers.Length];
        for (var i = 0; i < words.Length; i++)
            words[i] = transition.PreviousServers[i] is >= 0 and var server ? (uint)ids[server] : 0;
        return words;
    }
}
