using System.Net;
using Sidestep.Native.Netlink;
using Sidestep.Packets;

namespace Sidestep.Daemon.NextHops;

/// <summary>The kernel's neighbour table at one moment. Keys are interface index and address.</summary>
/// <param name="Macs">The Ethernet addresses of valid entries.</param>
/// <param name="StaticEntries">Entries that an operator made (NUD_PERMANENT, NUD_NOARP); they must stay as they
/// are.</param>
internal sealed record NeighbourTable(
    IReadOnlyDictionary<(int Interface, IPAddress Neighbour), MacAddress> Macs,
    IReadOnlySet<(int Interface, IPAddress Neighbour)> StaticEntries)
{
    internal static NeighbourTable Empty { get; } = Of([]);

    /// <summary>Sorts what the kernel lists.</summary>
    internal static NeighbourTable Of(IReadOnlyList<Neighbour> entries) => new(
        entries.Where(static n => n.IsValid && n.Mac.Length == MacAddress.Length)
        .GroupBy(static n => (n.InterfaceIndex, n.Address))
            .ToDictionary(static g => g.Key, static g => MacAddress.Read(g.First().Mac.Span)),
        entries.Where(static n => n.IsStatic).Select(static n => (n.InterfaceIndex, n.Address)).ToHashSet());
}
