using System.Net;
using Sidestep.Model.Schema;

namespace Sidestep.Model.Validation;

/// <summary>An item of <c>vips</c> is unique and has the VIP of a service.</summary>
internal static class VipRules
{
    public static void Check(ConfigurationDocument document, IssueList issues)
    {
        if (document.Vips.Count == 0)
            return;
        var served = document.Services.SelectMany(VirtualServiceSchema.VipsOf).Select(v => v.Value).ToHashSet();
        var first = new Dictionary<IPNetwork, Located<IPNetwork>>();
        foreach (var item in document.Vips)
        {
            if (item.Find(VipSchema.Address) is not { } address)
                continue;
            if (!first.TryAdd(address.Value, address))
                issues.Error(address.Path, address.Node,
                    $"{first[address.Value].Owner} has this address already", "Keep one of the two",
                    first[address.Value].Location);
            else if (!served.Contains(address.Value))
                issues.Warning(address.Path, address.Node, "ignored: no virtual service has this VIP",
                    "Write it exactly as a service does, or remove it");
        }
    }
}
