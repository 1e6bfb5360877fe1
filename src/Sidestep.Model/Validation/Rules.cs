namespace Sidestep.Model.Validation;

/// <summary>What one value of the document asks of another, or of the machine; one file per rule.</summary>
internal static class Rules
{
    public static void Check(Document document, IssueList issues)
    {
    }
}
