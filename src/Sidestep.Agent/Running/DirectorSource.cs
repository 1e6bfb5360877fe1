using System.Security.Cryptography;
using Sidestep.Agent.Enrolment;
using Sidestep.Agent.Input;

namespace Sidestep.Agent.Running;

/// <summary>Finds the directors of the agent: those of the options, or those that it has joined.</summary>
internal static class DirectorSource
{
    /// <summary>Reads URLs, certificates and keys.</summary>
    /// <param name="request">Has the state directory.</param>
    /// <param name="options">The options of <c>run</c>.</param>
    /// <param name="problems">Receives what is wrong.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">Receives renewals.</param>
    /// <returns>Null: there is a problem, or there are no directors.</returns>
    public static Directors? Connect(Request request, RunOptions options, List<Problem> problems, TimeProvider time,
        ILogger log)
    {
        if (options.Directors.Count > 0)
            return DirectorCredentials.Read(options, problems)?.Connect();
        int before = problems.Count;
        var folder = new EnrolmentFolder(request.StateDirectory);
        var apis = new List<(string, IDirectorApi)>();
        string server = "";
        foreach (var director in folder.Read(problems))
        {
            try
            {
                apis.Add((director.Url.ToString(), new RenewingDirector(director, folder, time, log)));
                server = director.Server;
            }
            catch (CryptographicException e)
            {
                problems.Add(new Problem("director", director.Url.Authority, e.Message,
                    "Join it again: sidestep-agent join."));
            }
        }
        if (problems.Count == before && apis.Count > 0)
            return new Directors(server, apis);
        foreach (var (_, api) in apis)
            api.Dispose();
        return null;
    }
}
