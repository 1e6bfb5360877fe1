using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Sidestep.Daemon.Api.Rest;

/// <summary>Reads the parameters in the query of a request. A parameter that is unknown, wrong or repeated is an
/// error.</summary>
internal static class QueryParameters
{
    /// <summary>Rejects parameters that a request does not have.</summary>
    /// <exception cref="HttpStatusException">A parameter is unknown, or occurs twice (400).</exception>
    internal static void RequireKnown(HttpContext context, params ReadOnlySpan<string> known)
    {
        foreach (var (name, values) in context.Request.Query)
        {
            if (!known.Contains(name))
            {
                throw Wrong(known.IsEmpty ? $"'{name}' is not a parameter: there are none"
                    : $"'{name}' is not a parameter: they are {string.Join(", ", known)}");
            }
            if (values.Count > 1)
                throw Wrong($"'{name}' occurs {values.Count} times: write it once");
        }
    }

    /// <summary>A parameter; null: it is not there.</summary>
    internal static string? Text(HttpContext context, string name) =>
        context.Request.Query.TryGetValue(name, out var values) ? values.ToString() : null;

    /// <summary>A parameter that is true or false, and false if it is not there.</summary>
    /// <exception cref="HttpStatusException">It is neither (400).</exception>
    internal static bool Flag(HttpContext context, string name) => Text(context, name) switch
    {
        null or "false" => false,
        "true" => true,
        var other => throw Wrong($"{name}={other}: write true or false"),
    };

    /// <summary>A whole number.</summary>
    /// <exception cref="HttpStatusException">It is none, or out of range (400).</exception>
    internal static int Number(HttpContext context, string name, int least, int most, int otherwise)
    {
        if (Text(context, name) is not { } text)
            return otherwise;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number >= least
            && number <= most ? number : throw Wrong($"{name}={text}: write a whole number from {least} to {most}");
    }

    /// <summary>The error of a request that is wrong.</summary>
    internal static HttpStatusException Wrong(string detail) =>
        new(StatusCodes.Status400BadRequest, "bad request", detail);
}
