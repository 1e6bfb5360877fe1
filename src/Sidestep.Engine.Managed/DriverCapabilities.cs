using Sidestep.Forwarding;

namespace Sidestep.Engine.Managed;

/// <summary>Refuses what the drivers cannot do.</summary>
internal static class DriverCapabilities
{
    /// <exception cref="EngineException">Names what they cannot do, and the cure.</exception>
    internal static void Check(ForwardingTables tables)
    {
        var local = tables.Groups.SelectMany(static g => g.Servers).Where(static s => s.NextHop is { IsLocal: true }).Select(static s => s.Name).Distinct().ToArray();
        if (local.Length > 0)
            throw new EngineException($"the managed engine cannot serve {string.Join(", ", local)}, which is this machine itself: the kernel would answer for the VIP "
                + "whatever the engine decides. Take the server out of its pool, or use the xdp engine");
    }
}
