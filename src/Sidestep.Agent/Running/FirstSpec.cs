using Sidestep.Agent.Input;
using Sidestep.Api;

namespace Sidestep.Agent.Running;

/// <summary>The spec with which an agent starts: the one of the spec file. If the file cannot be used, or there are
/// directors instead: the last applied one.</summary>
/// <param name="Spec">The spec; null: the agent waits for a director's.</param>
/// <param name="Stored">When the last applied spec was stored (UTC); null: the spec is the file's.</param>
/// <param name="FileProblems">Why the spec file is not used.</param>
internal sealed record FirstSpec(ServerSpec? Spec, DateTime? Stored, IReadOnlyList<Problem> FileProblems)
{
    /// <param name="request">The options.</param>
    /// <param name="problems">Receives the problems of the spec file if there is no last spec either.</param>
    /// <param name="log">Receives a last spec that is damaged.</param>
    public static FirstSpec Read(Request request, List<Problem> problems, ILogger log)
    {
        var ofFile = new List<Problem>();
        if (request.SpecFile is { } path && SpecFile.Read(path, ofFile) is { } spec)
            return new FirstSpec(spec, null, []);
        if (LastSpec.Read(request.StateDirectory, log.LastSpecDamaged) is { } last)
            return new FirstSpec(last.Spec, last.Stored, ofFile);
        problems.AddRange(ofFile);
        return new FirstSpec(null, null, ofFile);
    }

    /// <summary>Logs a spec that is not the spec file's, and why.</summary>
    public void Log(ILogger log)
    {
        foreach (var problem in FileProblems)
            log.SpecFileInvalid(problem.ToLine());
        if (Spec is not null && Stored is { } stored)
            log.LastSpecUsed(Spec.Revision, $"{stored:u}");
    }
}
