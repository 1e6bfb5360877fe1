using System.Collections.Immutable;

namespace Sidestep.Forwarding;

/// <summary>The part of the tables in force that the next tables depend on, as an engine reports it.</summary>
/// <param name="HashKey">Key of the flow hash.</param>
/// <param name="Groups">The groups. Names, addresses, slots, transitions and starts of drains are as applied; next hops
/// may be missing.</param>
public sealed record RunningGroups(Model.HashKey HashKey, ImmutableArray<ServerGroup> Groups)
{
    /// <summary>Converts the groups to tables that <see cref="TableCompiler"/> accepts as the previous ones.</summary>
    public ForwardingTables ToPrevious() =>
        new() { HashKey = HashKey, Interfaces = [], Vips = [], Services = [], Groups = Groups };
}
