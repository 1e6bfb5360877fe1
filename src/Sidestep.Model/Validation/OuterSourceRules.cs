using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Sidestep.Model.Schema;

namespace Sidestep.Model.Validation;

/// <summary>Outer source addresses: one prefix per family, and none of a VIP, or servers would take the outer header for a
/// packet from themselves.</summary>
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
                        $"contains the VIP {PrefixKind.Text(vip.Value)} (line {vip.Node.Position.Line})",
                        "Choose a prefix that nothing else uses");
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

    private static Located<IPNetwork>? FirstInside(IPNetwork prefix, List<(UInt128 Number, Located<IPNetwork> Vip)> vips)
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
        // Wider prefixes of the same first address come in any order among the narrower ones.
        for (; low < vips.Count && prefix.Contains(vips[low].Vip.Value.BaseAddress); low++)
        {
            if (vips[low].Vip.Value.PrefixLength >= prefix.PrefixLength)
                return vips[low].Vip;
        }
        return null;
    }

    /// <summary>The address as a number; IPv4 as IPv6 writes it, so that no two are the same.</summary>
    private static UInt128 Number(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.MapToIPv6().TryWriteBytes(bytes, out _);
        return BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }
}
