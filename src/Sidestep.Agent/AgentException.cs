namespace Sidestep.Agent;

/// <summary>A failure with a known remedy. The command line prints both and exits with 1.</summary>
/// <param name="message">What failed.</param>
/// <param name="remedy">What the operator can do about it: one or more whole sentences.</param>
/// <param name="inner">The error of the operating system or of a library; null: there is none.</param>
internal sealed class AgentException(string message, string remedy, Exception? inner = null) : Exception(message, inner)
{
    public string Remedy { get; } = remedy;
}
