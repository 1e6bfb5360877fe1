namespace Sidestep.Forwarding;

/// <summary>Network and flows of a running director, read from its pinned maps: enough to tell what it would do with a
/// packet, without changing it.</summary>
/// <param name="Groups">Servers and slots in force.</param>
/// <param name="NextHops">The director's interfaces and the next hop of each server.</param>
/// <param name="Flows">Tracked flows.</param>
public sealed record RunningNetwork(RunningGroups Groups, NextHops NextHops, IReadOnlyList<TrackedFlow> Flows);
