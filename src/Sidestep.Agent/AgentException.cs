namespace Sidestep.Agent;

/// <summary>Something failed that the operator can do something about.</summary>
/// <param name="message">What failed.</param>
/// <param name="remedy">What to do.</param>
/// <param name="inner">What the system said.</param>
internal sealed class AgentException(string message, string remedy, Exception? inner = null) : Exception(message, inner)
{
    public string Remedy { get; } = remedy;
}
