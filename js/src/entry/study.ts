/** The side of a study's page: what a report has, and galleries. */
import { showGalleries } from "./galleries";
import "./report";

void showGalleries(document);
