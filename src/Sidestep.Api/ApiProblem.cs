using System.Collections.Immutable;
using Sidestep.Api.Configurations;

namespace Sidestep.Api;

/// <summary>An error of the API (RFC 9457, application/problem+json).</summary>
/// <param name="Title">The kind of error, in a few words.</param>
/// <param name="Status">The HTTP status.</param>
/// <param name="Detail">What is wrong, where, and what to do about it.</param>
public sealed record ApiProblem(string Title, int Status, string Detail)
{
    /// <summary>All errors of a configuration, in the words of <c>sidestep config check</c>. The JSON Pointer of an
    /// error is relative to the body of the request; it is empty for an error that the body causes elsewhere. Null: the
    /// problem is another one.</summary>
    public ImmutableArray<IssueRecord>? Errors { get; init; }

    /// <summary>The objects that prevent a deletion, because they use the object; null: the problem is another
    /// one.</summary>
    public ImmutableArray<string>? UsedBy { get; init; }

    /// <summary>The Content-Type of an error (RFC 9457 section 3).</summary>
    public const string MediaType = "application/problem+json";

    /// <summary>The status of a request that names a service or a server which the director does not have.</summary>
    public const int UnknownNameStatus = 422;
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

    /// <summary>The exception for an error that the director sent.</summary>
    internal static DirectorException Rejected(string endpoint, ApiProblem problem) =>
        new($"{endpoint} rejected the request: {problem.Title}: {problem.Detail}")
        {
            Status = problem.Status,
            Problem = problem,
        };

    /// <summary>The exception for a response of another version.</summary>
    internal static DirectorException NotUnderstood(string endpoint, System.Text.Json.JsonException e) =>
        new($"{endpoint} sent a response that this version does not understand: {e.Message}", e);

    /// <summary>The HTTP status of the response; null: there was no response.</summary>
    public int? Status { get; init; }

    /// <summary>The error that the director sent; null: it sent none.</summary>
    public ApiProblem? Problem { get; init; }

    /// <summary>True if no program listens at the address or socket of the director.</summary>
    public bool HasNoListener { get; init; }
}
