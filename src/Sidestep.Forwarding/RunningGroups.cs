using System.Collections.Immutable;

namespace Sidestep.Forwarding;

/// <summary>What an engine can tell of the tables in force: all that the next tables depend on.</summary>
/// <param name="HashKey">Key of the flow hash.</param>
/// <param name="Groups">Names, addresses, slots, transitions and starts of drains are as they were applied.</param>
public sealed record RunningGroups(Model.HashKey HashKey, ImmutableArray<ServerGroup> Groups)
{
    /// <summary>As what <see cref="TableCompiler"/> compiles against.</summary>
    public ForwardingTables ToPrevious() =>
        new() { HashKey = HashKey, Interfaces = [], Vips = [], Services = [], Groups = Groups };
}
