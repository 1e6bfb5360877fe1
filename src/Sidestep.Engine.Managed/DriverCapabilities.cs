using Sidestep.Forwarding;

namespace Sidestep.Engine.Managed;

/// <summary>Rejects tables that the drivers of the managed engine cannot implement.</summary>
internal static class DriverCapabilities
{
    /// <exception cref="EngineException">A server is this machine itself; the message says what to do.</exception>
    internal static void Check(ForwardingTables tables)
    {
        var local = tables.Groups.SelectMany(static g => g.Servers).Where(static s => s.NextHop is { IsLocal: true })
            .Select(static s => s.Name).Distinct().ToArray();
        if (local.Length > 0)
        {
            throw new EngineException($"the managed engine cannot use {string.Join(", ", local)}, which is this machine"
                + " itself: the kernel would answer for the VIP whatever the engine decides. Remove the server from its"
                + " pool, or use the xdp engine");
        }
    }
}
