namespace Sidestep.Api;

/// <summary>An error of the API (RFC 9457, application/problem+json).</summary>
/// <param name="Title">The kind of error, in a few words.</param>
/// <param name="Status">The HTTP status.</param>
/// <param name="Detail">What is wrong, where, and what to do about it.</param>
public sealed record ApiProblem(string Title, int Status, string Detail)
{
    /// <summary>The Content-Type of an error (RFC 9457 section 3).</summary>
    public const string MediaType = "application/problem+json";
}

/// <summary>The director could not be reached, or it rejected the request. The message says what to do.</summary>
public sealed class DirectorException : Exception
{
    /// <summary>Creates an exception with the default message of .NET.</summary>
    public DirectorException()
    {
    }

    /// <summary>Creates an exception with a message that says what to do.</summary>
    public DirectorException(string message)
        : base(message)
    {
    }

    /// <summary>Creates an exception with a message that says what to do, and its cause.</summary>
    public DirectorException(string message, Exception inner)
        : base(message, inner)
    {
    }

    /// <summary>The HTTP status of the response; null: there was no response.</summary>
    public int? Status { get; init; }

    /// <summary>True if no program listens at the address or socket of the director.</summary>
    public bool HasNoListener { get; init; }
}
