namespace Sidestep.Forwarding.TrackedFlows;

/// <summary>A request names a service or a server that the director does not have; the message lists those that it
/// has.</summary>
public sealed class UnknownNameException : Exception
{
    /// <summary>Creates an exception whose message says which name is unknown.</summary>
    public UnknownNameException(string message) : base(message)
    {
    }
}
