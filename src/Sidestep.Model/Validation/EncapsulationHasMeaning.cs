using Sidestep.Model.Schema;

namespace Sidestep.Model.Validation;

/// <summary>There is no outer header at layer 2 (C-18).</summary>
internal static class EncapsulationHasMeaning
{
    public static void Check(Document document, IssueList issues)
    {
        foreach (var profile in document.Profiles)
        {
            if (profile.Find(NetworkProfileSchema.DsrType)?.Value == DsrType.L2
                && profile.Find(NetworkProfileSchema.Encapsulation) is { } encapsulation)
                issues.Warning(encapsulation.Path, encapsulation.Node,
                    "ignored: at layer 2 (dsrType: l2) nothing is encapsulated", "Remove the key, or set dsrType to l3");
        }
    }
}
