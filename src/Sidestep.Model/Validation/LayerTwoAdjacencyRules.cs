using System.Net;
using System.Net.Sockets;
using Sidestep.Model.Schema;

namespace Sidestep.Model.Validation;

/// <summary>At layer 2 the frame must reach the server's own MAC address, so no router may be in between.</summary>
internal static class LayerTwoAdjacencyRules
{
    public static void Check(ConfigurationDocument document, List<HostInterface> interfaces, IssueList issues)
    {
        var checkedPools = new HashSet<BoundMapping>();
        foreach (var service in document.Services)
        {
            if (document.ProfileOf(service)?.Find(NetworkProfileSchema.DsrType)?.Value != DsrType.L2
                || document.PoolOf(service) is not { } pool || !checkedPools.Add(pool))
                continue;
            foreach (var server in pool.Items(PoolSchema.Servers))
            {
                if (server.Find(RealServerSchema.Address) is { } address)
                    Check(address, service, interfaces, issues);
            }
        }
    }

    private static void Check(
        Located<IPAddress> address, BoundMapping service, List<HostInterface> interfaces, IssueList issues)
    {
        var attached = interfaces.SelectMany(i => i.Addresses).Where(a => a.IsOnLink(address.Value)).ToList();
        if (attached.Count == 0)
            issues.Error(address.Path, address.Node,
                $"not on a network that is directly attached to the director "
                + $"({Networks(interfaces, address.Value.AddressFamily)}), but "
                + $"{ConfigurationDocument.Title(service)} reaches this pool at layer 2",
                "Use a network profile with dsrType: l3, or a server on one of these networks");
        else if (attached.TrueForAll(a => IsNoHost(a, address.Value)))
            issues.Error(address.Path, address.Node,
                $"the network or broadcast address of {attached[0].Network}, which no server has",
                "Write the address of the server");
    }

    private static bool IsNoHost(HostAddress own, IPAddress address)
    {
        // IPv6 has no broadcast address, and the first address of a network is reserved only if it has routers.
        if (own.PrefixLength >= 31 || !own.IsIPv4)
            return false;
        var bytes = address.GetAddressBytes();
        uint number = (uint)((bytes[0] << 24) | (bytes[1] << 16) | (bytes[2] << 8) | bytes[3]);
        uint hostBits = own.PrefixLength == 0 ? uint.MaxValue : (1u << (32 - own.PrefixLength)) - 1;
        return (number & hostBits) == 0 || (number & hostBits) == hostBits;
    }

    private static string Networks(List<HostInterface> interfaces, AddressFamily family)
    {
        var texts = new List<string>();
        foreach (var item in interfaces)
        {
            var networks = item.Addresses.Where(a => a.Address.AddressFamily == family && !a.Address.IsIPv6LinkLocal)
                .Select(a => a.Network.ToString()).ToList();
            string none = family == AddressFamily.InterNetwork ? "no IPv4 network" : "no IPv6 network";
            texts.Add($"{item.Name}: {(networks.Count == 0 ? none : string.Join(" and ", networks))}");
        }
        return string.Join(", ", texts);
    }
}
