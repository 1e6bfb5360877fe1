using Sidestep.Model.Documents;
using Sidestep.Model.Schema;

namespace Sidestep.Model.Validation;

/// <summary>There is no outer header at layer 2.</summary>
internal static class EncapsulationRules
{
    public static void Check(ConfigurationDocument document, IssueList issues)
    {
        foreach (var profile in document.Profiles)
        {
            if (profile.Find(NetworkProfileSchema.DsrType)?.Value == DsrType.L2)
            {
                if (profile.Find(NetworkProfileSchema.Encapsulation) is { } encapsulation)
                    Ignored(encapsulation.Path, encapsulation.Node, issues);
                if (profile.Find(NetworkProfileSchema.GuePort) is { } port)
                    Ignored(port.Path, port.Node, issues);
                if (profile.Find(NetworkProfileSchema.OuterSource) is { } source)
                    Ignored(source.Path, source.Node, issues);
            }
            else if (profile.Value(NetworkProfileSchema.Encapsulation) == Encapsulation.Gue
                && profile.Find(NetworkProfileSchema.OuterSource) is { } source)
                issues.Warning(source.Path, source.Node,
                    "ignored with GUE, whose source port differs per flow already",
                        "Remove the key, unless servers of the profile have another encapsulation");
        }
        var checkedPools = new HashSet<BoundMapping>();
        foreach (var service in document.Services)
        {
            if (document.ProfileOf(service)?.Find(NetworkProfileSchema.DsrType)?.Value != DsrType.L2
                || document.PoolOf(service) is not { } pool || !PoolUsage.Of(pool).HasEncapsulations
                || !checkedPools.Add(pool))
                continue;
            foreach (var server in pool.Items(PoolSchema.Servers))
            {
                if (server.Find(RealServerSchema.Encapsulation) is { } encapsulation)
                    issues.Warning(encapsulation.Path, encapsulation.Node,
                        $"ignored for {ConfigurationDocument.Title(service)}, which reaches this pool at layer 2, "
                        + "where nothing is encapsulated",
                        "Remove the key, or use a network profile with dsrType: l3");
            }
        }
    }

    private static void Ignored(DocumentPath path, Node node, IssueList issues) =>
        issues.Warning(path, node,
            "ignored: at layer 2 (dsrType: l2) nothing is encapsulated", "Remove the key, or set dsrType to l3");
}
