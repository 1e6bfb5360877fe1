using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Sidestep.Model.Schema;
using Sidestep.Packets;

namespace Sidestep.Model.Validation;

/// <summary>Outer sources: one prefix per family, and none that contains a VIP. A server would take an outer header
/// with a VIP as its source for a packet of its own.</summary>
internal static class OuterSourceRules
{
    public static void Check(ConfigurationDocument document, IssueList issues)
    {
        var vips = SortedVips(document);
        foreach (var profile in document.Profiles)
        {
            if (profile.Find(NetworkProfileSchema.OuterSource) is not { } sources)
                continue;
            var families = new HashSet<AddressFamily>();
            foreach (var source in sources.Value)
            {
                if (!families.Add(source.Value.BaseAddress.AddressFamily))
                    issues.Error(source.Path, source.Node, "a second prefix of the same family",
                        "Keep one IPv4 and one IPv6 prefix at most");
                if (FirstInside(source.Value, vips) is { } vip)
                    issues.Error(source.Path, source.Node,
                        $"contains the VIP {PrefixText.Of(vip.Value)} of {vip.Path}",
                        "Choose a prefix that nothing else uses", vip.Location);
            }
        }
    }

    private static List<(UInt128 Number, Located<IPNetwork> Vip)> SortedVips(ConfigurationDocument document)
    {
        var vips = new List<(UInt128 Number, Located<IPNetwork> Vip)>();
        foreach (var service in document.Services)
        {
            foreach (var vip in VirtualServiceSchema.VipsOf(service))
                vips.Add((Number(vip.Value.BaseAddress), vip));
        }
        vips.Sort((a, b) => a.Number.CompareTo(b.Number));
        return vips;
    }

    private static Located<IPNetwork>? FirstInside(IPNetwork prefix,
        List<(UInt128 Number, Located<IPNetwork> Vip)> vips)
    {
        var lowest = Number(prefix.BaseAddress);
        int low = 0, high = vips.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (vips[middle].Number < lowest)
                low = middle + 1;
            else
                high = middle;
        }
        // Prefixes of the same first address are in any order of length.
        for (; low < vips.Count && prefix.Contains(vips[low].Vip.Value.BaseAddress); low++)
        {
            if (vips[low].Vip.Value.PrefixLength >= prefix.PrefixLength)
                return vips[low].Vip;
        }
        return null;
    }

    /// <summary>The address as a number; IPv4 as IPv4-mapped IPv6, so that no two addresses are equal.</summary>
    private static UInt128 Number(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.MapToIPv6().TryWriteBytes(bytes, out _);
        return BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }
}
