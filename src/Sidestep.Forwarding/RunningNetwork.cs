namespace Sidestep.Forwarding;

/// <summary>What a running director knows of the network and remembers, read from what is pinned: enough to say what it would do
/// with a packet, without touching it.</summary>
/// <param name="Groups">Servers and slots in force.</param>
/// <param name="NextHops">Its interfaces, and the way to each server.</param>
/// <param name="Flows">Remembered flows.</param>
public sealed record RunningNetwork(RunningGroups Groups, NextHops NextHops, IReadOnlyList<TrackedFlow> Flows);
