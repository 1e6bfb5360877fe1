using System.Globalization;
using System.Net;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.Packets;

namespace Sidestep.Engine.Managed;

/// <summary>Rejects tables that exceed the limits of the XDP engine, so that both engines accept the same
/// configurations.</summary>
internal static class Capacity
{
    private const int Vips = 16_384, Peers = 16, Prefixes = 131_072;

    /// <exception cref="EngineException">The tables exceed limits; the message names all of them.</exception>
    internal static void Check(ForwardingTables tables, EngineCapabilities sizes)
    {
        var problems = new List<string>();
        void CheckLimit(string what, long needed, int limit)
        {
            if (needed > limit)
                problems.Add(string.Create(CultureInfo.InvariantCulture, $"{needed} {what}, {limit} fit"));
        }
        var prefixes = tables.Services.Select(static s => s.AccessList).OfType<AccessList>().Distinct()
            .Sum(static l => (long)l.Allow.Length + l.Deny.Length + 2)
            + tables.Vips.Count(static v => !v.Address.IsSingle());
        CheckLimit("services", tables.Services.Length, sizes.MaxServices);
        CheckLimit("VIPs", tables.Vips.Length, Vips);
        CheckLimit("real servers (counted once per pool and encapsulation)",
            tables.Groups.Sum(static g => (long)g.Servers.Length), sizes.MaxServers);
        CheckLimit("slots in all slot tables", tables.Groups.Sum(static g => (long)g.Slots.Slots.Length),
            sizes.MaxSlots);
        CheckLimit("interfaces", tables.Interfaces.Length, sizes.MaxInterfaces);
        CheckLimit("other directors", tables.Peers.Length, Peers);
        CheckLimit("prefixes in access lists and VIPs", prefixes, Prefixes);
        if (problems.Count > 0)
        {
            throw new EngineException($"the configuration exceeds the limits of the {sizes.Engine} engine:"
                + $" {string.Join("; ", problems)}. docs/limits.md lists the limits and their cost");
        }
    }
}
