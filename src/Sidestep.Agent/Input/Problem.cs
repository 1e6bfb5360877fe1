namespace Sidestep.Agent.Input;

/// <summary>Something wrong with what the operator asked for, or with the place it was asked in.</summary>
/// <param name="Option">The option, or what else is at fault.</param>
/// <param name="Value">What was given; empty when nothing was.</param>
/// <param name="Reason">Why it cannot be.</param>
/// <param name="Remedy">What to do.</param>
internal sealed record Problem(string Option, string Value, string Reason, string Remedy)
{
    public override string ToString() =>
        $"error: {Option}{(Value.Length > 0 ? " " + Value : "")}: {Reason}\n       {Remedy}";
}

/// <summary>Everything that is wrong, so that it is told at once.</summary>
internal sealed class ProblemsException(IReadOnlyList<Problem> problems)
    : Exception(string.Join('\n', problems))
{
    public IReadOnlyList<Problem> Problems { get; } = problems;
}
