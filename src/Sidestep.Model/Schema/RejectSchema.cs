namespace Sidestep.Model.Schema;

/// <summary>The values of <c>onNoService</c> and <c>onNoServer</c>.</summary>
internal static class RejectSchema
{
    public static readonly ChoiceKind<RejectPolicy> Kind = new(
        new("drop", RejectPolicy.Drop, "Nothing."),
        new("reset", RejectPolicy.Reset, "A TCP reset; for other protocols an ICMP error."),
        new("unreachable", RejectPolicy.Unreachable, "An ICMP error: destination unreachable."));
}
